import { Resume } from '@parley/contract';
import { atMost, limits, type Reason, refuse } from '@parley/runtime';
import { type JoinClaims, joinToken, type TrustedKeys } from '@parley/service-kit';
import type { LiveChannel, Person } from '../core/live-channel.js';
import type { ClaimedSeat, SeatKey, SeatStore } from '../store/seats.js';
import type { ChannelLoader } from './channel-loader.js';
import { encodeWelcome } from './frames.js';
import { atOnce } from './participants.js';
import { ChatSession, type SessionContext } from './session.js';
import type { Sessions } from './sessions.js';
import type { MessageStream } from './stream.js';
import { type WelcomeFields, welcome } from './welcome.js';

export interface EntranceDeps {
  readonly instanceId: string;
  readonly keys: TrustedKeys;
  readonly seats: SeatStore;
  readonly channelLoader: ChannelLoader;
  readonly sessions: Sessions;
  readonly session: SessionContext;
  readonly pingEveryMs: number;
  readonly onResume: (outcome: Resume) => void;
}

/** Options that the client chose for its stream. */
export interface StreamOptions {
  readonly events: boolean;
  readonly resume: { readonly log: string; readonly seq: number } | undefined;
  /**
   * Number of bytes after which the stream ends, so that the client resumes on a new one. Absent:
   * no limit.
   */
  readonly mostBytes?: number;
  /**
   * Whether the stream carries nothing, because a relay shows the channel after the position in the
   * welcome.
   */
  readonly isRelayed?: boolean;
}

/** A session that has begun. */
export interface Entered {
  readonly session: ChatSession;
  /** Returns its welcome, as of now. */
  readonly welcome: () => WelcomeFields;
}

/** An attempt to open a stream, whatever its transport. */
export interface Arrival {
  /** Join token. */
  readonly token: string;
  readonly options: StreamOptions;
  readonly stream: MessageStream;
  /** Fields for the log line of the stream. */
  readonly facts: Record<string, unknown>;
  /** Called when the seat is taken, before anything is written. */
  readonly onSeat: () => void;
}

/** Maximum milliseconds that a client waits until the entries before its stream are shown. */
const showEarlierWithinMs = 1_000;

/**
 * Returns the seq up to which the channel must have shown its log before a stream starts. It is the
 * last seq before the member joined, or the seq from which the client resumes, whichever is
 * greater. Another server, or History, may have shown that entry before this server has read it.
 */
function startsAfter(
  { facts }: LiveChannel,
  { visibleAfter, lastSeq }: ClaimedSeat,
  { resume }: StreamOptions,
): number {
  const isKnown = resume !== undefined && resume.log === facts.log && resume.seq <= lastSeq;
  return isKnown ? Math.max(visibleAfter, resume.seq) : visibleAfter;
}

/** Shows the entries up to `seq`, which are in the table. Returns false if that takes too long. */
async function showEarlier(channel: LiveChannel, claimed: ClaimedSeat, seq: number): Promise<boolean> {
  const { sequencer } = channel;
  if (channel.lastSeq >= seq || sequencer === undefined) return true;
  sequencer.expect(claimed.lastSeq, claimed.revision);
  await atMost(sequencer.caughtUp(), showEarlierWithinMs);
  return channel.lastSeq >= seq;
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
  /**
   * Last seq before a gap: the seq from which the client resumes, or the last seq that it may not
   * see.
   */
  readonly seen?: number;
  /** Cursor in the ring. Absent: the end of the ring. */
  readonly cursor?: number | undefined;
  /** Entries after this seq are read from the table first. */
  readonly replayAfter?: number;
}

function startPositionOf(channel: LiveChannel, claimed: ClaimedSeat, options: StreamOptions): StartPosition {
  if (options.resume === undefined) return { resume: Resume.UNSPECIFIED };
  const known = options.resume.log === channel.facts.log && options.resume.seq <= channel.lastSeq;
  if (!known) return { resume: Resume.RESET };
  const seq = Math.max(options.resume.seq, claimed.visibleAfter);
  const cursor = channel.cursorAfter(seq);
  if (cursor !== undefined) return { resume: Resume.WHOLE, cursor };
  const stored = channel.facts.hasHistory && seq + 1 >= claimed.firstSeq && options.isRelayed !== true;
  if (!stored || channel.lastSeq - seq > limits.replayEntries) return { resume: Resume.GAP, seen: seq };
  return { resume: Resume.WHOLE, replayAfter: seq };
}

/**
 * Opens sessions on the streams of any transport: verifies the token, takes the seat, opens the
 * channel and starts the session.
 */
export class Entrance {
  readonly #deps: EntranceDeps;

  constructor(deps: EntranceDeps) {
    this.#deps = deps;
  }

  /**
   * Opens a session for an arrival, or throws the refusal with which the caller ends the stream.
   * Resolves with undefined if the stream has ended meanwhile.
   */
  async enter(arrival: Arrival): Promise<Entered | undefined> {
    const { claims } = await this.#deps.keys.verify(arrival.token, joinToken, this.#deps.instanceId);
    arrival.facts.user = claims.sub;
    arrival.facts.channel = claims.ch;
    checkTimestamp(claims, this.#deps.session.now());
    const key: SeatKey = { seat: claims.jti, channelId: claims.ch, userId: claims.sub, sessionId: claims.sid };
    if (!this.#deps.sessions.expect(key.seat)) throw refuse('seat-gone');
    try {
      return await this.#sit(key, arrival);
    } catch (thrown) {
      this.#deps.sessions.remove(key.seat);
      throw thrown;
    }
  }

  async #sit(key: SeatKey, { stream, options, onSeat }: Arrival): Promise<Entered | undefined> {
    const { seats, sessions, session, channelLoader } = this.#deps;
    const readAtMs = session.now();
    const claimed = await seats.claim(key);
    if (claimed === undefined) throw refuse(await this.#whyNot(key));
    if (stream.ended) return this.#abandon(key);
    onSeat();
    const channel = channelLoader.open(claimed, readAtMs);
    const isShown = await showEarlier(channel, claimed, startsAfter(channel, claimed, options));
    if (stream.ended) return this.#abandon(key);
    session.usage.note(claimed.userId, { bytes: claimed.usedBytes, rows: claimed.usedRows });
    if (!isShown || channel.sequencer?.isCurrent(claimed.revision) === false) return this.#refuseAsMoved(key);
    const start = startPositionOf(channel, claimed, options);
    this.#deps.onResume(start.resume);
    const person = personOf(claimed);
    const { role, mutedUntilMs, revision } = claimed;
    const membership = { role, mutedUntilMs, revision, removed: false };
    const hiddenUpTo = claimed.visibleAfter;
    const seated = { key, person, membership, hiddenUpTo, channel, stream };
    const opened = new ChatSession({ ...seated, ...options, ...(options.isRelayed ? {} : start) }, session);
    sessions.add(opened);
    const { pingEveryMs } = this.#deps;
    const { messageBytes, now } = session;
    const seen = start.seen ?? 0;
    const welcoming = { me: person, resume: start.resume, seen, pingEveryMs, messageBytes };
    const words = () => welcome(channel, claimed, { ...welcoming, nowMs: now() });
    opened.open(() => encodeWelcome(words()));
    if (channel.moving) opened.goodbye('moved', atOnce);
    return { session: opened, welcome: words };
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
   * Gives the seat back and refuses with `moved`, because the revision has changed meanwhile or the
   * log cannot be read. The next Listen tells a removed user the reason.
   */
  async #refuseAsMoved(key: SeatKey): Promise<never> {
    await this.#abandon(key);
    throw refuse('moved');
  }

  /** Gives the seat back. */
  async #abandon(key: SeatKey): Promise<undefined> {
    this.#deps.sessions.remove(key.seat);
    await this.#deps.seats.delete([key.seat]);
    return undefined;
  }
}
