import type { Duplex } from 'node:stream';
import {
  type Ack,
  ChannelService,
  HistoryRequest,
  InboxCommand,
  type InboxEvent,
  type InboxWelcome,
  Message,
} from '@parley/contract';
import { type Logger, type MemoryHolding, type Reason, refusalFromFrame, refuse } from '@parley/runtime';
import { asRefusal, type UserCaller } from '@parley/service-kit';
import type { WebSocket } from 'ws';
import { patientCall } from '../../api/patient-call.js';
import type { ApiCaller, ServiceCalls } from '../../api/service-calls.js';
import type { DeviceActor, InboxDevice, InboxSession } from '../../inbox/session.js';
import { TextClient, type TextFrame } from '../../socket/text-client.js';
import type { TextStream } from '../../socket/text-stream.js';
import type { RealtimeStore } from '../../store/realtime-store.js';
import type { BacklogPart } from './backlog.js';
import { type FrameRef, realtimeFrame, refusalFrame } from './frames.js';
import { Document004, type RealtimeCommand } from './machine.js';
import { mostInBatch, type RequestContext } from './requests.js';

/** Options of one client. */
export interface RealtimeSocketOptions {
  readonly ws: WebSocket;
  readonly socket: Duplex;
  readonly address: string;
  /** Returns the user of a token. @throws {Refusal} */
  readonly userOf: (token: string, address: string) => Promise<UserCaller>;
  readonly callsFor: (caller: ApiCaller) => ServiceCalls;
  readonly actorOf: (me: UserCaller, token: string) => Pick<DeviceActor, 'post'>;
  readonly openSession: (device: InboxDevice) => InboxSession;
  readonly store: Pick<RealtimeStore, 'undelivered' | 'saveFormerReceipt'>;
  readonly log: Logger;
  /** Called once the client has shown a token. */
  readonly onToken: () => void;
  /** Called once, with the reason of the end. */
  readonly report: (reason: string) => void;
}

interface Login {
  readonly me: UserCaller;
  readonly token: string;
  readonly session: InboxSession;
}

/** Time within which a client must log in, in milliseconds. */
const logInWithinMs = 10_000;
/** Time for which a look-up is repeated before the socket ends, in milliseconds. */
const lookUpWithinMs = 15_000;
/** Reasons that mean that the user may not read a room any more. */
const gone: ReadonlySet<Reason> = new Set<Reason>(['channel-not-found', 'not-a-member', 'banned']);

/** One client of document 004. */
export class RealtimeSocket {
  readonly #options: RealtimeSocketOptions;
  readonly #text: TextClient;
  readonly #machine = new Document004();
  readonly #calls: ServiceCalls;
  readonly #timer: NodeJS.Timeout;
  #login: Login | undefined;
  /** The ref of the request with which a client tried to log in. */
  #loginRef: FrameRef;
  #isReading = false;
  #onBegun: () => void = () => {};

  constructor(options: RealtimeSocketOptions) {
    const { ws, socket, address, callsFor, report } = options;
    this.#options = options;
    this.#text = new TextClient({
      ...{ ws, socket, report },
      handle: (frame) => this.#handle(frame),
      tell: (event) => this.#tell(event),
      goodbye: (refusal) => [refusalFrame(refusal, this.#loginRef)],
    });
    const token = () => this.#login?.token;
    this.#calls = callsFor({
      address,
      response: ws,
      get token() {
        return token();
      },
    });
    this.#timer = setTimeout(() => this.#tooLate(), logInWithinMs).unref();
    this.stream.onClose(() => {
      clearTimeout(this.#timer);
      this.#onBegun();
    });
  }

  get stream(): TextStream {
    return this.#text.stream;
  }

  /** The user, or the address of a client that has not logged in. */
  get owner(): string {
    return this.#login?.me.id ?? this.#options.address;
  }

  /** Begins to handle frames, after logging in with the token of the upgrade request, if it had one. */
  async start(token: string | undefined): Promise<void> {
    try {
      if (token !== undefined) await this.#logIn(token);
      this.#text.start();
    } catch (thrown) {
      this.stream.end(asRefusal(thrown));
    }
  }

  /** Pings the client, and cuts off one that reads nothing. */
  tick(nowMs: number, pingEveryMs: number, unread: MemoryHolding): void {
    this.#text.tick(nowMs, pingEveryMs, unread);
  }

  #tooLate(): void {
    this.stream.end(refuse('unauthenticated', { message: 'No auth came in time. Send it when the socket is open.' }));
  }

  async #handle({ payload, isBinary }: TextFrame): Promise<void> {
    const asked = this.#machine.read(payload, isBinary);
    if (Array.isArray(asked)) this.stream.send(asked);
    else await this.#run(asked);
  }

  async #run({ ref, token, request, payload }: RealtimeCommand): Promise<void> {
    try {
      if (token !== undefined) await this.#logIn(token);
      const [type, fields] = request === undefined ? ['ok', {}] : await request.run(payload, this.#context());
      this.stream.send([realtimeFrame(type, fields, ref)]);
    } catch (thrown) {
      const refusal = asRefusal(thrown);
      if (refusal.reason === 'internal') this.#options.log.error({ err: refusal.cause }, 'request failed');
      if (this.#login !== undefined) this.stream.send([refusalFrame(refusal, ref)]);
      else {
        this.#loginRef = ref;
        this.stream.end(refusal);
      }
    }
  }

  /** Logs in, or continues with another login of the same user. */
  async #logIn(token: string): Promise<void> {
    const { address, userOf, onToken } = this.#options;
    const { me: before, token: known, session } = this.#login ?? {};
    if (token === known) return;
    onToken();
    const me = await userOf(token, address);
    if (this.stream.ended) return;
    if (session === undefined) return this.#open(me, token);
    if (me.id !== before?.id) throw refuse('invalid-token', { message: 'That token belongs to another user.' });
    this.#login = { me, token, session };
    session.take(InboxCommand.fromPartial({ token }));
  }

  /** Opens the inbox. Resolves when the client has its first frame. */
  async #open(me: UserCaller, token: string): Promise<void> {
    const { address, openSession } = this.#options;
    const begun = new Promise<void>((resolve) => {
      this.#onBegun = resolve;
    });
    const session = openSession({ me, token, address, stream: this.stream });
    this.#login = { me, token, session };
    clearTimeout(this.#timer);
    session.take(InboxCommand.fromPartial({ watch: {} }));
    await begun;
  }

  #tell(event: InboxEvent): string[] {
    if (event.welcome !== undefined) {
      this.stream.hold();
      void this.#begin(event.welcome);
      return [];
    }
    if (event.reset === true) {
      this.stream.end(refuse('too-slow', { message: 'Some events were lost. Connect again.' }));
      return [];
    }
    const frames = this.#machine.tell(event);
    if (event.gap !== undefined || event.message?.receipt !== undefined) void this.#readBacklog();
    return frames;
  }

  /** Sends the first frame, and then undelivered messages. Other events wait until the rooms of these are known. */
  async #begin(welcome: InboxWelcome): Promise<void> {
    const { store } = this.#options;
    try {
      const rooms = await this.#patiently(() => store.undelivered(welcome.me?.id ?? ''));
      this.stream.send(this.#machine.begin(welcome, rooms));
    } catch (thrown) {
      this.stream.end(asRefusal(thrown));
    }
    this.stream.release();
    this.#onBegun();
    await this.#readBacklog();
  }

  /** Reads and sends the parts of rooms that the client lacks, as far as it acknowledges them. */
  async #readBacklog(): Promise<void> {
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      for (let part = this.#nextPart(); part !== undefined; part = this.#nextPart()) await this.#readPart(part);
    } catch (thrown) {
      this.stream.end(asRefusal(thrown)); // The client connects again, and gets these messages then.
    }
    this.#isReading = false;
  }

  #nextPart(): BacklogPart | undefined {
    return this.stream.ended ? undefined : this.#machine.backlog?.next();
  }

  async #readPart(part: BacklogPart): Promise<void> {
    const { channelId, afterSeq } = part;
    const place = afterSeq === 0 ? { oldestFirst: true } : { afterSeq };
    const request = HistoryRequest.fromPartial({ channelId, ...place, size: mostInBatch });
    await this.#text.whenTaken();
    try {
      const page = await this.#patiently(() => this.#calls.managers(ChannelService.history, request));
      const { frames, deliveredSeq } = this.#machine.fill(part, page);
      this.stream.send(frames);
      if (deliveredSeq > 0) await this.#saveReceipt(channelId, deliveredSeq, 0);
    } catch (thrown) {
      if (!gone.has(asRefusal(thrown).reason)) throw thrown;
      this.#machine.backlog?.abandon(part);
    }
  }

  #patiently<T>(call: () => Promise<T>): Promise<T> {
    return patientCall(call, { withinMs: lookUpWithinMs, isOver: () => this.stream.ended });
  }

  #context(): RequestContext {
    return {
      calls: this.#calls,
      userId: this.#login?.me.id ?? '',
      post: (message) => this.#post(Message.fromPartial(message)),
      acknowledge: async (roomId, deliveredSeq, readSeq) => {
        await this.#saveReceipt(roomId, deliveredSeq, readSeq);
        this.#machine.backlog?.acknowledged(roomId, deliveredSeq);
        void this.#readBacklog();
      },
    };
  }

  async #post(message: Message): Promise<Partial<Ack>> {
    const { me, token } = this.#login ?? {};
    if (me === undefined || token === undefined) throw refuse('unauthenticated');
    if (message.clientId !== '') this.#machine.sends(message.clientId);
    const ack = await this.#options.actorOf(me, token).post(message);
    if (ack.refusal === undefined) return ack;
    this.#machine.wasRefused(message.clientId);
    throw refusalFromFrame(ack.refusal);
  }

  async #saveReceipt(channelId: number, deliveredSeq: number, readSeq: number): Promise<void> {
    const log = this.#machine.backlog?.logOf(channelId);
    if (log === undefined) throw refuse('not-a-member');
    const isFormer = this.#machine.backlog?.isFormer(channelId) === true;
    if (isFormer) await this.#options.store.saveFormerReceipt(this.owner, channelId, log, deliveredSeq);
    else await this.#post(Message.fromPartial({ channelId, receipt: { log, deliveredSeq, readSeq } }));
  }
}
