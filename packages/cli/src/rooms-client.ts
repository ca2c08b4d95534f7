import { createInterface } from 'node:readline';
import { openTextSocket, type TextSocket } from '@parley/client/node';
import { exitCodes, Failure } from './failure.js';
import { output } from './output.js';
import { isAnswer, type RoomFrame, readRoomsLine, roomFrameLine } from './rooms-lines.js';
import type { CommandSession } from './session.js';
import { Terminal } from './terminal.js';

const path = '/chatserver/connect';

/** A console client of document 002: one socket, and the lines that the user types. */
class RoomsClient {
  readonly #session: CommandSession;
  readonly #socket: TextSocket;
  readonly #terminal: Terminal | undefined;
  /** Private messages that were sent and have not come back. */
  readonly #privately: RoomFrame[] = [];
  /** Commands without an answer. */
  #open = 0;
  #isLeaving = false;

  constructor(session: CommandSession, socket: TextSocket) {
    this.#session = session;
    this.#socket = socket;
    this.#terminal = process.stdin.isTTY && process.stdout.isTTY && !session.json ? new Terminal() : undefined;
  }

  /** Runs until the user or the server ends it. @throws {Failure} if the server does. */
  async run(): Promise<void> {
    this.#readLines();
    this.#socket.onText((text) => this.#show(JSON.parse(text)));
    const code = await this.#socket.closed;
    this.#terminal?.close();
    if (this.#isLeaving) return;
    throw new Failure('unreachable', exitCodes.unreachable, `The server ended the connection (${code}). Start again.`);
  }

  #readLines(): void {
    const leave = () => {
      this.#isLeaving = true;
      this.#leaveWhenAnswered();
    };
    const runLine = (line: string) => this.#run(line);
    if (this.#terminal !== undefined) this.#terminal.open({ typing: () => {}, runLine, leave });
    else createInterface({ input: process.stdin }).on('line', runLine).once('close', leave);
  }

  #run(line: string): void {
    const asked = readRoomsLine(line);
    if (asked === undefined) return;
    if ('explain' in asked) this.#say(asked.explain);
    else if ('quit' in asked) {
      this.#isLeaving = true;
      this.#socket.close();
    } else this.#send(asked.send);
  }

  #send(frame: RoomFrame): void {
    this.#open += 1;
    if (frame.action === 'private_message') this.#privately.push(frame);
    this.#socket.send(JSON.stringify(frame));
  }

  #show(frame: RoomFrame): void {
    const isOwnEcho = this.#takeEcho(frame);
    if (frame.action === 'error' && this.#privately.length > 0) this.#forgetFailed(frame);
    if (this.#session.json) output.tell(frame);
    else this.#say(roomFrameLine(frame, isOwnEcho));
    if (!isAnswer(frame, isOwnEcho)) return;
    this.#open -= 1;
    this.#leaveWhenAnswered();
  }

  /** Returns whether a frame is the echo of a private message, and forgets that message. */
  #takeEcho({ action, user_id: userId, message }: RoomFrame): boolean {
    if (action !== 'private_message') return false;
    const at = this.#privately.findIndex((sent) => sent.user_id === userId && sent.message === message);
    if (at >= 0) this.#privately.splice(at, 1);
    return at >= 0;
  }

  #forgetFailed({ message = '' }: RoomFrame): void {
    const at = this.#privately.findIndex(({ user_id: userId }) => message === `user ${userId} is not on the server`);
    if (at >= 0) this.#privately.splice(at, 1);
  }

  #leaveWhenAnswered(): void {
    if (this.#isLeaving && this.#open <= 0) this.#socket.close();
  }

  #say(words: string): void {
    if (this.#session.json) output.complain(words);
    else if (this.#terminal === undefined) output.say(words);
    else this.#terminal.print(words);
  }
}

/** Runs the console client of document 002 against a gateway. It needs no account. */
export async function runRoomsClient(session: CommandSession, gateway: string): Promise<void> {
  const url = new URL(path, gateway.replace(/^http/, 'ws'));
  const socket = await openTextSocket(url, { ca: session.authorities }).catch((cause: Error) => {
    throw new Failure('unreachable', exitCodes.unreachable, `Cannot connect to ${url}: ${cause.message}`);
  });
  await new RoomsClient(session, socket).run();
}
