//! The same stories on both databases.

/// Runs every story on a file, each as a test of its own, and on one server, each on a database of its own.
macro_rules! on_both {
    ($store:ident, $file:literal, $begun:ident: $($story:ident),* $(,)?) => {
        mod on_sqlite {
            use super::*;
            $(
                #[tokio::test]
                async fn $story() {
                    let directory = tempfile::tempdir().unwrap();
                    let store = $store::open(&directory.path().join($file)).await.unwrap();
                    super::$story($begun(store).await).await;
                }
            )*
        }

        #[tokio::test]
        async fn on_postgres_every_story_holds() {
            let Some(server) = crate::common::postgres::Postgres::start() else {
                return;
            };
            $(
                let place = server.database(stringify!($story)).await;

                $story($begun($store::open(place).await.unwrap()).await).await;
            )*
        }
    };
}
