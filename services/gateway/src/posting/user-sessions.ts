import type { RelayDown } from '@parley/contract';
import type { UserCaller } from '@parley/service-kit';
import type { RelayLink } from '../relay/relay-link.js';
import type { RelayLinks, RelayWatcher } from '../relay/relay-links.js';
import { UserSession } from './user-session.js';

/** Time for which a session that nobody uses keeps its handles. */
const keepIdleMs = 30_000;

/** The sessions of users that have posted here lately, or that have a device here. */
export class UserSessions implements RelayWatcher {
  readonly #sessions = new Map<string, UserSession>();
  /** Sessions by their handles at each chat server. */
  readonly #holders = new Map<RelayLink, Map<number, UserSession>>();

  constructor(links: Pick<RelayLinks, 'watchers'>) {
    links.watchers.add(this);
  }

  get size(): number {
    return this.#sessions.size;
  }

  /** Returns the session of a caller with this token. */
  of(me: UserCaller, token: string): UserSession {
    const session = this.#sessions.get(me.sessionId) ?? this.#open(me, token);
    session.usedAtMs = performance.now();
    return session;
  }

  #open(me: UserCaller, token: string): UserSession {
    const session: UserSession = new UserSession(me, token, (link, handle) => {
      const ofLink = this.#holders.get(link) ?? new Map<number, UserSession>();
      if (link.isOpen) this.#holders.set(link, ofLink.set(handle, session));
    });
    this.#sessions.set(me.sessionId, session);
    return session;
  }

  /** Returns the session that has a handle at a chat server. */
  holderOf(link: RelayLink, handle: number): UserSession | undefined {
    return this.#holders.get(link)?.get(handle);
  }

  /** Ends the handles of sessions that nobody uses. */
  tick(nowMs: number): void {
    for (const [id, session] of this.#sessions) {
      if (!session.isIdle) session.usedAtMs = nowMs;
      if (nowMs - session.usedAtMs <= keepIdleMs) continue;
      this.#sessions.delete(id);
      for (const [link, handle] of session.detach()) this.#holders.get(link)?.delete(handle);
    }
  }

  onDown(link: RelayLink, { channelId, closed }: RelayDown): void {
    if (closed === undefined || closed.handle === 0 || channelId !== 0) return;
    this.holderOf(link, closed.handle)?.forget(link, closed.handle);
    this.#holders.get(link)?.delete(closed.handle);
  }

  onClose(link: RelayLink): void {
    this.#holders.delete(link);
    for (const session of this.#sessions.values()) session.lose(link);
  }
}
