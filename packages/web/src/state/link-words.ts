import { isOver, type Link } from './link.js';

/** The connection in words. */
export interface LinkWords {
  readonly tone: 'good' | 'busy' | 'bad';
  readonly words: string;
  /** The same without the time, for who would be told it each second. */
  readonly steady: string;
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

/** Why it has ended. */
export function endingWords({ reason, message }: Extract<Link, { state: 'ended' }>): string {
  return endings[reason] ?? message;
}

function waitingWords(reason: string, untilMs: number, nowMs: number): Pick<LinkWords, 'words' | 'steady'> {
  const seconds = Math.ceil((untilMs - nowMs) / 1_000);
  const [isFull, steady = 'Connection lost'] = [reason === 'channel-full', comings[reason]];
  const now = isFull ? 'trying for a seat…' : 'reconnecting…';
  const later = `${isFull ? 'trying again' : 'reconnecting'} in ${seconds} s`;
  return { steady, words: `${steady}; ${seconds <= 0 ? now : later}` };
}

function lasting(tone: LinkWords['tone'], words: string, mayReturn = false): LinkWords {
  return { tone, words, steady: words, mayReturn };
}

/** What a link means at a time. */
export function linkWords(link: Link, nowMs: number): LinkWords {
  switch (link.state) {
    case 'live':
      return lasting('good', 'Live');
    case 'connecting':
      return lasting('busy', 'Connecting…');
    case 'catching-up':
      return lasting('busy', 'Catching up…');
    case 'waiting':
      return { tone: 'bad', ...waitingWords(link.reason, link.untilMs, nowMs), mayReturn: false };
    case 'ended':
      return lasting('bad', endingWords(link), !isOver(link));
  }
}
