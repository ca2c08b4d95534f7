import type { Link } from './conversation.js';

/** The connection in words. */
export interface LinkWords {
  readonly tone: 'good' | 'busy' | 'bad';
  readonly words: string;
  /** Coming back is up to the user. */
  readonly mayReturn: boolean;
}

const endings: Readonly<Record<string, string>> = {
  left: 'You left',
  replaced: 'You are in a room elsewhere: in another tab, or on another device',
  'channel-deleted': 'This room was deleted',
  'channel-not-found': 'This room is gone',
  removed: 'You were removed from this room',
  kicked: 'An administrator ended your visit',
  banned: 'You may not enter this room',
  'channel-full': 'The room is full',
  'too-many-seats': 'You are in as many channels as one person may: leave one',
};

const comings: Readonly<Record<string, string>> = {
  moved: 'The room moves to another server',
  draining: 'The room moves to another server',
  'channel-full': 'The room is full',
  'no-server': 'No chat server is free',
  'listen-too-often': 'That was quick',
  'database-away': 'The server waits for its database',
};

const final: ReadonlySet<string> = new Set(['channel-deleted', 'channel-not-found', 'banned', 'removed']);

function waitingWords(reason: string, untilMs: number, nowMs: number): string {
  const seconds = Math.ceil((untilMs - nowMs) / 1_000);
  const [isFull, why = 'Connection lost'] = [reason === 'channel-full', comings[reason]];
  if (seconds <= 0) return isFull ? `${why}; trying for a seat…` : `${why}; reconnecting…`;
  return isFull ? `${why}; trying again in ${seconds} s` : `${why}; reconnecting in ${seconds} s`;
}

/** What a link means at a time. */
export function linkWords(link: Link, nowMs: number): LinkWords {
  switch (link.state) {
    case 'live':
      return { tone: 'good', words: 'Live', mayReturn: false };
    case 'connecting':
      return { tone: 'busy', words: 'Connecting…', mayReturn: false };
    case 'catching-up':
      return { tone: 'busy', words: 'Catching up…', mayReturn: false };
    case 'waiting':
      return { tone: 'bad', words: waitingWords(link.reason, link.untilMs, nowMs), mayReturn: false };
    case 'ended':
      return { tone: 'bad', words: endings[link.reason] ?? link.message, mayReturn: !final.has(link.reason) };
  }
}
