import { isOver, type Link } from './link.js';
import { refusalWords } from './refusal-words.js';

/** The connection in words. */
export interface LinkWords {
  readonly tone: 'good' | 'busy' | 'bad';
  readonly words: string;
  /** The same without the time, for who would be told it each second. */
  readonly steady: string;
  /** What the user can do about it, where there is something. */
  readonly again: 'Rejoin here' | 'Try now' | undefined;
}

const endings: Readonly<Record<string, string>> = {
  left: 'You left this room.',
  replaced: 'You are in a room in another tab or on another device.',
  'channel-deleted': 'This room was deleted.',
  'channel-not-found': 'This room does not exist, or you cannot see it.',
  'invalid-channel-id': 'This room does not exist, or you cannot see it.',
  removed: 'You were removed from this room.',
  kicked: 'An administrator disconnected you.',
  banned: 'You are banned from this room.',
  'not-a-member': 'Only members can enter this channel.',
  'wrong-kind': 'You cannot enter this kind of channel.',
  'channel-full': 'The room is full.',
  'too-many-seats': 'You are in too many channels at once. Leave one, then try again.',
};

const comings: Readonly<Record<string, string>> = {
  moved: 'The room is moving to another server',
  draining: 'The room is moving to another server',
  'channel-full': 'The room is full',
  'no-server': 'No chat server is available',
  'listen-too-often': 'Too many attempts',
  'database-away': 'The server is waiting for its database',
};

/** Why it has ended. */
export function endingWords({ reason, message }: Extract<Link, { state: 'ended' }>): string {
  return endings[reason] ?? (reason === 'left' ? message : refusalWords({ reason, message }));
}

function waitingWords(reason: string, inMs: number, isOnline: boolean): Pick<LinkWords, 'words' | 'steady'> {
  const seconds = Math.ceil(inMs / 1_000);
  const isFull = reason === 'channel-full';
  const steady = isOnline ? (comings[reason] ?? 'Connection lost') : 'You are offline';
  const now = isFull ? 'trying to get a seat…' : 'reconnecting…';
  const later = `${isFull ? 'trying again' : 'reconnecting'} in ${seconds} s`;
  return { steady, words: `${steady}; ${seconds <= 0 ? now : later}` };
}

function lasting(tone: LinkWords['tone'], words: string, again?: 'Rejoin here'): LinkWords {
  return { tone, words, steady: words, again };
}

/** What a link means at a time. */
export function linkWords(link: Link, nowMs: number, isOnline = true): LinkWords {
  switch (link.state) {
    case 'live':
      return lasting('good', 'Live');
    case 'connecting':
      return lasting('busy', 'Connecting…');
    case 'catching-up':
      return lasting('busy', 'Catching up…');
    case 'waiting':
      return { tone: 'bad', ...waitingWords(link.reason, link.untilMs - nowMs, isOnline), again: 'Try now' };
    case 'ended':
      return lasting('bad', endingWords(link), isOver(link) ? undefined : 'Rejoin here');
  }
}
