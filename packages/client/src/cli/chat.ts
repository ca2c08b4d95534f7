import { createInterface, type Interface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { Conversation } from '../conversation.js';
import { type ChatView, JsonView, TextView } from './chat-view.js';
import { exitCodes } from './failure.js';
import { plainValue } from './plain-text.js';
import type { Session } from './session.js';
import { Terminal } from './terminal.js';

const triesPerLine = 20;

/** Sends a line, again where the server asks for patience; false if it was refused for good. */
async function sayTaken(conversation: Conversation, view: ChatView, line: string): Promise<boolean> {
  for (let tries = 1; ; tries++) {
    const { refusal } = await conversation.say(line);
    if (refusal === undefined) return true;
    if (refusal.retryAfterMs === 0 || tries === triesPerLine) {
      view.refused(refusal.reason, refusal.message);
      return false;
    }
    await pause(refusal.retryAfterMs);
  }
}

/** Each line when the one before was taken, then leaves. */
async function sendLines(lines: Interface, conversation: Conversation, view: ChatView): Promise<void> {
  for await (const line of lines) {
    if (line !== '' && !(await sayTaken(conversation, view, line))) process.exitCode = exitCodes.refused;
  }
  conversation.leave();
}

function converse(session: Session, token: string, channelId: number, view: ChatView): Conversation {
  const conversation = new Conversation(() => session.client.listen(token, channelId), view);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => conversation.leave());
  return conversation;
}

async function chatOnTerminal(session: Session, token: string, channelId: number): Promise<void> {
  const terminal = new Terminal();
  const view = new TextView((line) => terminal.print(line));
  const conversation = converse(session, token, channelId, view);
  terminal.open({
    who: () => view.who(),
    leave: () => conversation.leave(),
    say: (line) =>
      void conversation.say(line).then(
        ({ refusal }) => refusal !== undefined && view.refused(refusal.reason, refusal.message),
        ({ message }: Error) => view.refused('', message),
      ),
  });
  await conversation.run().finally(() => terminal.close());
}

async function chatOnPipe(session: Session, token: string, channelId: number): Promise<void> {
  const write = (line: string) => void process.stdout.write(`${line}\n`);
  const view = session.json ? new JsonView((value) => write(JSON.stringify(plainValue(value)))) : new TextView(write);
  const conversation = converse(session, token, channelId, view);
  const lines = createInterface({ input: process.stdin });
  // What ends the conversation is told by `run`.
  sendLines(lines, conversation, view).catch(() => {});
  await conversation.run();
}

/** Enters a channel, and stays until the user leaves or the server ends it. */
export async function chat(session: Session, wanted: string): Promise<void> {
  const { token } = await session.login();
  const { id } = await session.findChannel(token, wanted);
  const onTerminal = process.stdin.isTTY === true && process.stdout.isTTY === true && !session.json;
  await (onTerminal ? chatOnTerminal(session, token, id) : chatOnPipe(session, token, id));
}
