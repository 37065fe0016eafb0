// Fetches as the JSON in its argument says, in a process of its own that tests can kill. Prints the counts.
import { fetchCandles } from "../../lib/data/exchange.ts";

const { fetched, cached, requests } = await fetchCandles(JSON.parse(Deno.args[0]));
console.log(JSON.stringify({ fetched, cached, requests }));
