/**
 * A bot that replies to `!echo text` with the text:
 *
 *     node packages/client/dist/examples/echo-bot.js <user> <password> <channel id> [user-service]
 * [channel-service]
 *
 * It needs no code for lost connections: the conversation reconnects, resumes and resends.
 */
import { fileURLToPath } from 'node:url';
import { type Conversation, createClient, textOf } from '../src/index.js';
import { grpcTransport } from '../src/node/index.js';

/** Replies until the conversation ends. */
export async function echo(channel: Conversation): Promise<void> {
  for await (const event of channel) {
    if (event.type !== 'message' || event.sender === channel.me.id) continue;
    const text = /^!echo (.+)$/s.exec(textOf(event) ?? '')?.[1];
    if (text !== undefined) await channel.send(text, { replyTo: event.seq });
  }
}

const usage = 'Usage: echo-bot <user> <password> <channel id> [user-service] [channel-service]';

async function main([user = '', password = '', id, userService, channelService]: string[]): Promise<void> {
  if (!(Number(id) > 0)) throw new Error(usage);
  const addresses = {
    userService: userService ?? '127.0.0.1:50051',
    channelService: channelService ?? '127.0.0.1:50052',
  };
  const client = createClient({ transport: grpcTransport(addresses) });
  const leaving = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leaving.abort());
  await client.login(user, password, { device: 'echo bot' });
  await echo(await client.listen(Number(id), { signal: leaving.signal }));
  await client.close();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await main(process.argv.slice(2)).catch((thrown: Error) => {
    process.stderr.write(`echo-bot: ${thrown.message}\n`);
    process.exit(1);
  });
}
