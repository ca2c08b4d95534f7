import { createInterface, type Interface } from 'node:readline';
import type { Channel, Conversation, EntryEvent, ParleyClient } from '@parley/client';
import { ChannelKind } from '@parley/contract';
import { limits, Refusal, refuse } from '@parley/runtime';
import { commandsIn, commandTable } from './bot-commands.js';
import type { ChatView } from './chat-view.js';
import { exitCodes } from './failure.js';
import { findChannel } from './find-channel.js';
import { JsonView } from './json-view.js';
import { sendText } from './mentions.js';
import { UserNames } from './names.js';
import { output } from './output.js';
import { terminalLine } from './plain-text.js';
import type { CommandSession } from './session.js';
import { Terminal } from './terminal.js';
import { TextView } from './text-view.js';
import { helpFor, typed } from './typed-line.js';

/** Number of earlier messages shown on entering. */
const earlierCount = 20;
const typingEveryMs = 3_000;
const unreadNothing = { unread: 0, mine: undefined, markedUnread: false };

/**
 * Shows events until the conversation ends. With `marksRead`, marks each entry as read, because a
 * person sees it.
 * @throws {Refusal} the reason for which the server ended the conversation
 */
async function follow(conversation: Conversation, view: ChatView, names: UserNames, marksRead: boolean): Promise<void> {
  for await (const event of conversation) {
    await names.learn([event]);
    view.event(event);
    if (marksRead && 'seq' in event) conversation.markRead(event.seq);
    if (event.type === 'ended' && event.reason !== 'left') throw refuse(event.reason, event);
  }
}

/**
 * Waits for an action and returns whether it succeeded. Shows a refusal, except `cancelled`: the
 * end of the conversation is reported elsewhere.
 */
async function succeeded(sending: Promise<unknown>, view: ChatView, failed = 'not sent'): Promise<boolean> {
  try {
    await sending;
    return true;
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    if (thrown.reason !== 'cancelled') view.refused(thrown, failed);
    return false;
  }
}

/** Parts that a typed line uses: the client, its conversation, and the output. */
interface Typing {
  readonly client: ParleyClient;
  readonly conversation: Conversation;
  readonly view: TextView;
  readonly print: (text: string) => void;
}

async function printCommands({ client, conversation, print }: Typing): Promise<void> {
  print(commandTable(await commandsIn(client, conversation.channel.id)));
}

/** Carries out a typed line. */
async function runLine(line: string, typing: Typing): Promise<void> {
  const { conversation, view, print } = typing;
  const hasHistory = conversation.channel.retention?.nothing !== true;
  const command = typed(line, hasHistory);
  const explain = (words: string) => print(`! ${terminalLine(words)}`);
  if (command?.do === 'leave') await conversation.leave();
  else if (command?.do === 'who') view.who();
  else if (command?.do === 'commands') await succeeded(printCommands(typing), view, 'cannot list commands');
  else if (command?.do === 'help') print(helpFor(hasHistory));
  else if (command?.do === 'explain') explain(command.words);
  else if (command?.do === 'send') await succeeded(command.act(conversation, explain), view, command.failed);
}

/**
 * Sends each line that is not blank, one after the other, and then leaves. Each line waits until
 * the previous one has been accepted or refused.
 */
async function sendLines(lines: Interface, conversation: Conversation, view: ChatView): Promise<void> {
  const explain = (words: string) => output.complain(`parley: warning: ${words}`);
  for await (const line of lines) {
    if (line.trim() === '') continue;
    if (!(await succeeded(sendText(conversation, line, {}, explain), view))) process.exitCode = exitCodes.refused;
  }
  await conversation.leave();
}

/**
 * Shows the last messages, if the channel stores any, with a line before the first new one, and
 * marks them as read. In a chat, also shows who has read the last message of this user.
 */
async function showEarlier(client: ParleyClient, conversation: Conversation, view: TextView, names: UserNames) {
  const { channel, place } = conversation;
  if (channel.retention?.nothing === true || place === undefined || place.seq === 0) return;
  const isChat = channel.kind !== ChannelKind.ROOM;
  const { unread, mine, markedUnread } = isChat ? await client.chats.get(channel.id) : unreadNothing;
  const size = Math.min(limits.pageEntries, Math.max(earlierCount, unread + earlierCount / 2));
  const { entries, log } = await client.history(channel.id, { before: place.seq + 1, size });
  await names.learn(entries);
  if (log !== place.log) return;
  const oldestFirst = entries.toSorted((a, b) => a.seq - b.seq);
  const isNew = ({ seq, sender }: EntryEvent) => seq > (mine?.readSeq ?? 0) && sender !== conversation.me.id;
  view.earlier(oldestFirst, unread > 0 ? oldestFirst.find(isNew) : undefined);
  conversation.markRead(place.seq);
  if (markedUnread) await client.chats.markUnread(channel.id, false);
  if (isChat) await showReaders(conversation, view, names);
}

/** Shows who has read the last message of this user. Later receipts arrive as events. */
async function showReaders(conversation: Conversation, view: TextView, names: UserNames): Promise<void> {
  const lastRead = view.receipts(await conversation.receipts());
  await names.learnUsers(lastRead?.readers ?? []);
  view.readBy(lastRead);
}

/**
 * Returns a function to call for each typed key. It tells the others at most every three seconds
 * that this user is typing.
 */
function typingReporter(conversation: Conversation): () => void {
  let toldAt = Number.NEGATIVE_INFINITY;
  return () => {
    if (performance.now() - toldAt < typingEveryMs) return;
    toldAt = performance.now();
    conversation.typing();
  };
}

async function chatOnTerminal(client: ParleyClient, conversation: Conversation, names: UserNames): Promise<void> {
  const terminal = new Terminal();
  const print = (text: string) => terminal.print(text);
  const view = new TextView(print, names, conversation.me.id, '; /quit leaves, /help lists the commands');
  await succeeded(showEarlier(client, conversation, view, names), view, 'cannot show earlier messages');
  terminal.open({
    typing: typingReporter(conversation),
    runLine: (line) => void runLine(line, { client, conversation, view, print }),
    leave: () => void conversation.leave(),
  });
  await follow(conversation, view, names, true).finally(() => terminal.close());
}

/** Reads commands from the keyboard while the output goes elsewhere, for example to `tee`. */
async function chatFromKeyboard(client: ParleyClient, conversation: Conversation, names: UserNames): Promise<void> {
  const view = new TextView(output.say, names, conversation.me.id, '; /quit leaves, /help lists the commands');
  const lines = createInterface({ input: process.stdin });
  lines.on('line', (line) => void runLine(line, { client, conversation, view, print: output.say }));
  lines.once('close', () => void conversation.leave());
  await follow(conversation, view, names, true).finally(() => lines.close());
}

const noCommands = 'a line that begins with / was sent as a message; commands work only on a terminal';

async function chatOnPipe(conversation: Conversation, json: boolean, names: UserNames): Promise<void> {
  const view = json ? new JsonView(output.tell, names) : new TextView(output.say, names, conversation.me.id);
  const lines = createInterface({ input: process.stdin });
  let warned = json;
  lines.on('line', (line) => {
    if (warned || !/^\/\w/.test(line)) return;
    warned = true;
    output.complain(`parley: warning: ${noCommands}`);
  });
  void sendLines(lines, conversation, view);
  await follow(conversation, view, names, false);
}

/**
 * Runs the conversation in the way that fits its input and output: a pipe, a terminal, or a
 * keyboard whose output goes elsewhere.
 */
function converse(client: ParleyClient, conversation: Conversation, { json }: CommandSession): Promise<void> {
  const names = new UserNames((userId) => client.user(userId));
  if (json || process.stdin.isTTY !== true) return chatOnPipe(conversation, json, names);
  if (process.stdout.isTTY === true) return chatOnTerminal(client, conversation, names);
  return chatFromKeyboard(client, conversation, names);
}

/** Returns a function that reports why `chat` waits, unless it has just reported the same. */
function waitReporter({ json }: CommandSession): (why: Refusal, inMs: number) => void {
  let reported = '';
  return ({ reason, message }, inMs) => {
    if (reported === message) return;
    reported = message;
    if (json) output.tell({ event: 'waiting', reason, message, in_ms: inMs });
    else
      output.say(
        reason === 'channel-full'
          ? '* the channel is full; waiting until someone leaves'
          : `* waiting: ${terminalLine(message)}`,
      );
  };
}

/**
 * Enters a channel, waiting for a seat if it is full, until the user leaves or the server ends it.
 */
export async function chat(session: CommandSession, wanted: string): Promise<void> {
  const client = await session.loggedIn();
  await chatIn(session, client, await findChannel(client, wanted));
}

/** Enters the direct chat with a user, and creates it if there is none. */
export async function chatWith(session: CommandSession, userId: string): Promise<void> {
  const client = await session.loggedIn();
  await chatIn(session, client, await client.chats.direct(userId));
}

async function chatIn(session: CommandSession, client: ParleyClient, { id }: Pick<Channel, 'id'>): Promise<void> {
  const leaving = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => leaving.abort());
  const options = { signal: leaving.signal, patient: false, waitWhenFull: true, onWait: waitReporter(session) };
  const conversation = await client.listen(id, options).catch((thrown: unknown) => {
    if (!leaving.signal.aborted) throw thrown;
  });
  if (conversation === undefined) return;
  await converse(client, conversation, session);
}
