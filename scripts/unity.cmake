# Many small files of HiGHS include the same headers: compiled together they take a part of the time.
set(CMAKE_UNITY_BUILD ON CACHE BOOL "")
