// The function an Amazon Connect flow invokes ("Invoke AWS Lambda function", time-out 2 s). It asks Segue and hands the flow flat
// attributes: route, number_1, number_2 …; no answer within a second, or any but 200, is "home". The flow's error branch goes to the
// in-house queue as well. Environment: SEGUE_URL, SEGUE_TOKEN, HOME_NUMBER. Run with Node in the tests, not with Amazon Connect.
const HOME = () => ({ route: "home", number_1: process.env.HOME_NUMBER ?? "" });

export const handler = async (event) => {
  try {
    const answer = await fetch(process.env.SEGUE_URL, {
      method: "POST",
      headers: { authorization: `Bearer ${process.env.SEGUE_TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify(event),
      signal: AbortSignal.timeout(1000),
    });
    if (answer.status !== 200) return HOME();
    const told = await answer.json();
    return told.number_1 ? { route: "segue", ...told } : HOME();
  } catch {
    return HOME();
  }
};
