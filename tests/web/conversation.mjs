// The script's side of a conversation with the test that runs it: one line of JSON comes in, "turn" asks for another node,
// and a line of JSON after "done" goes out.

import { createInterface } from 'node:readline';

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();
const say = (line) => process.stdout.write(`${line}\n`);
const hear = async () => (await lines.next()).value;

/** What the test asks for. */
export const asked = JSON.parse(await hear());

/** Ends all connections to the nodes; the next ones go to other nodes. */
export async function turn() {
  say('turn');
  await hear();
}

/** Tells the result and ends. */
export function done(result) {
  process.stdout.write(`done\n${JSON.stringify(result)}\n`, () => process.exit(0));
}

/** Stops the script where something is not as it must be. */
export function ensure(condition, what) {
  if (!condition) throw new Error(what);
}
