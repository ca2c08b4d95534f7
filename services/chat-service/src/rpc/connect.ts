import { Resume, SubscribeRequest } from '@parley/contract';
import { limits, type Reason, refuse } from '@parley/runtime';
import {
  type Call,
  type JoinClaims,
  joinToken,
  type RawStream,
  type TakeHandler,
  type TrustedKeys,
} from '@parley/service-kit';
import type { LiveChannel, Person } from '../core/live-channel.js';
import type { ChannelLoader } from '../session/channel-loader.js';
import { ChatSession, type SessionContext } from '../session/session.js';
import type { Sessions } from '../session/sessions.js';
import { welcome } from '../session/welcome.js';
import type { ClaimedSeat, SeatKey, SeatStore } from '../store/seats.js';

export interface ConnectDeps {
  readonly instanceId: string;
  readonly keys: TrustedKeys;
  readonly seats: SeatStore;
  readonly channelLoader: ChannelLoader;
  readonly sessions: Sessions;
  readonly session: SessionContext;
  readonly pingEveryMs: number;
  readonly onResume: (outcome: Resume) => void;
}

/** Options that the client sent in its metadata or request. */
interface StreamOptions {
  readonly events: boolean;
  readonly resume: { readonly log: string; readonly seq: number } | undefined;
  /** Number of bytes after which the stream ends, to be resumed on a new one. Absent: no limit. */
  readonly mostBytes?: number;
}

const resumeForm = /^([0-9a-f-]{36}):(\d{1,15})$/i;

function readResume(resume: string | undefined): StreamOptions['resume'] {
  const parts = resume === undefined ? undefined : resumeForm.exec(resume);
  if (parts === null)
    throw refuse('invalid-metadata', {
      message: 'chat-resume must be <log>:<seq>. Leave it out to start without a resume.',
    });
  return parts === undefined ? undefined : { log: String(parts[1]), seq: Number(parts[2]) };
}

function optionsOfConnect(call: Call): StreamOptions {
  return { events: call.metadata('chat-events') === '1', resume: readResume(call.metadata('chat-resume')) };
}

/**
 * Reads the position to resume from: from the request, or else from the metadata as for Connect.
 */
function optionsOfSubscribe(call: Call, bytes: Buffer): StreamOptions {
  const { log, afterSeq } = decodeSubscribe(bytes);
  const resume = log === '' ? call.metadata('chat-resume') : `${log}:${afterSeq}`;
  return { events: true, resume: readResume(resume), mostBytes: limits.subscribeBytes };
}

function decodeSubscribe(bytes: Buffer): SubscribeRequest {
  try {
    return SubscribeRequest.decode(bytes);
  } catch (cause) {
    throw refuse('malformed', { cause });
  }
}

/** Refuses a token whose timestamp is too far from now. The seat's `join_by` is the exact limit. */
function checkTimestamp(claims: JoinClaims, nowMs: number): void {
  const within = limits.joinWithinMs + limits.joinClockSkewMs;
  if (Math.abs(nowMs - claims.timestamp) > within) throw refuse('seat-gone');
}

function personOf(claimed: ClaimedSeat): Person {
  return { id: claimed.userId, number: claimed.number, name: claimed.userName };
}

/** Position at which a subscriber starts, and what Welcome reports about it. */
interface StartPosition {
  readonly resume: Resume;
  /** Last seq that the client has seen or was not meant to see. */
  readonly seen?: number;
  /** Cursor in the ring. Absent: its end. */
  readonly cursor?: number | undefined;
  /** Entries after this seq are read from the table first. */
  readonly replayAfter?: number;
}

function startPositionOf(channel: LiveChannel, claimed: ClaimedSeat, streamOptions: StreamOptions): StartPosition {
  if (streamOptions.resume === undefined) return { resume: Resume.UNSPECIFIED };
  const known = streamOptions.resume.log === channel.facts.log && streamOptions.resume.seq <= channel.lastSeq;
  if (!known) return { resume: Resume.RESET };
  const seq = Math.max(streamOptions.resume.seq, claimed.visibleAfter);
  const cursor = channel.cursorAfter(seq);
  if (cursor !== undefined) return { resume: Resume.WHOLE, cursor };
  const stored = channel.facts.hasHistory && seq + 1 >= claimed.firstSeq;
  if (!stored || channel.lastSeq - seq > limits.replayEntries) return { resume: Resume.GAP, seen: seq };
  return { resume: Resume.WHOLE, replayAfter: seq };
}

/**
 * Opens streams for Connect and Subscribe: verifies the token, takes the seat, opens the channel
 * and starts the session.
 */
export class ConnectHandler {
  readonly #deps: ConnectDeps;

  constructor(deps: ConnectDeps) {
    this.#deps = deps;
  }

  readonly connect: TakeHandler = async (stream, call) => this.#take(stream, call, optionsOfConnect(call));

  readonly subscribe: TakeHandler = async (stream, call, request) => {
    await this.#take(stream, call, optionsOfSubscribe(call, request));
  };

  async #take(stream: RawStream, call: Call, streamOptions: StreamOptions): Promise<void> {
    const { claims } = await this.#deps.keys.verify(call.bearer(), joinToken, this.#deps.instanceId);
    call.facts.user = claims.sub;
    call.facts.channel = claims.ch;
    checkTimestamp(claims, this.#deps.session.now());
    const key: SeatKey = { seat: claims.jti, channelId: claims.ch, userId: claims.sub, sessionId: claims.sid };
    if (!this.#deps.sessions.expect(key.seat)) throw refuse('seat-gone');
    try {
      await this.#sit(key, stream, call, streamOptions);
    } catch (thrown) {
      this.#deps.sessions.remove(key.seat);
      throw thrown;
    }
  }

  async #sit(key: SeatKey, stream: RawStream, call: Call, streamOptions: StreamOptions): Promise<void> {
    const { seats, sessions, session, channelLoader } = this.#deps;
    const claimed = await seats.claim(key);
    if (claimed === undefined) throw refuse(await this.#whyNot(key));
    if (stream.ended) return this.#abandon(key);
    call.sendHeaders();
    const channel = channelLoader.open(claimed);
    session.usage.note(claimed.userId, { bytes: claimed.usedBytes, rows: claimed.usedRows });
    if (channel.sequencer?.isCurrent(claimed.revision) === false) return this.#refuseAsMoved(key);
    const start = startPositionOf(channel, claimed, streamOptions);
    this.#deps.onResume(start.resume);
    const person = personOf(claimed);
    const { role, mutedUntilMs, revision } = claimed;
    const membership = { role, mutedUntilMs, revision, removed: false };
    const opened = new ChatSession({ key, person, membership, channel, stream, ...streamOptions, ...start }, session);
    sessions.add(opened);
    const { pingEveryMs } = this.#deps;
    const { messageBytes, now } = session;
    const seen = start.seen ?? 0;
    const welcoming = { me: person, resume: start.resume, seen, pingEveryMs, messageBytes };
    opened.open(() => welcome(channel, claimed, { ...welcoming, nowMs: now() }));
    if (channel.moving) opened.goodbye('moved', { listenAgain: true, retryAfterMs: 0 });
  }

  /**
   * Returns the reason why a seat cannot be claimed. A new Listen will give a more precise reason,
   * or lead to another server.
   */
  async #whyNot(key: SeatKey): Promise<Reason> {
    const [why] = await this.#deps.seats.lossReasons([key]);
    return why === undefined || why === 'replaced' ? 'seat-gone' : why;
  }

  /**
   * Refuses with `moved`, because the revision has changed meanwhile. The next Listen tells a
   * removed user the reason.
   */
  async #refuseAsMoved(key: SeatKey): Promise<void> {
    await this.#abandon(key);
    throw refuse('moved');
  }

  /** Gives the seat back. */
  async #abandon(key: SeatKey): Promise<void> {
    this.#deps.sessions.remove(key.seat);
    await this.#deps.seats.delete([key.seat]);
  }
}
