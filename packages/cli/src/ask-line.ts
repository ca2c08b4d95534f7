import { createInterface } from 'node:readline/promises';

/** Asks a question on `output` and reads one line from stdin; undefined at the end of the input. */
export async function askLine(question: string, output: NodeJS.WritableStream): Promise<string | undefined> {
  const lines = createInterface({ input: process.stdin, output });
  const closed = new Promise<undefined>((resolve) => lines.once('close', () => resolve(undefined)));
  const answer = await Promise.race([lines.question(question), closed]);
  lines.close();
  return answer;
}
