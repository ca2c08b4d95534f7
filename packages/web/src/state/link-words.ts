import { isOver, type Link } from './link.js';
import { refusalWords } from './refusal-words.js';

/** The connection status as text for the user. */
export interface LinkWords {
  readonly tone: 'good' | 'busy' | 'bad';
  readonly words: string;
  /**
   * The text without the countdown. Screen readers get this one, because they would read out a
   * countdown each second.
   */
  readonly steady: string;
  /** Label of the button, if there is something that the user can do. */
  readonly again: 'Rejoin here' | 'Try now' | undefined;
}

const endReasons: Readonly<Record<string, string>> = {
  left: 'You left this room.',
  replaced: 'You are in a room in another tab or on another device.',
  'channel-deleted': 'This room was deleted.',
  'channel-not-found': 'This room does not exist, or you cannot see it.',
  'invalid-channel-id': 'This room does not exist, or you cannot see it.',
  removed: 'You were removed from this room. To come back, you need to be added again.',
  kicked: 'An operator disconnected you. You can come back.',
  banned: 'You are banned from this room. You cannot come back while the ban lasts.',
  'not-a-member': 'Only members can enter this room.',
  'wrong-kind': 'This kind of room cannot be entered.',
  'channel-full': 'The room is full.',
  'too-many-seats': 'You are in too many rooms at once. Leave one, then try again.',
};

const waitReasons: Readonly<Record<string, string>> = {
  moved: 'The room is moving to another server',
  draining: 'The room is moving to another server',
  'channel-full': 'The room is full',
  'no-server': 'No chat server is available',
  'listen-too-often': 'Too many attempts',
  'database-away': 'The server is waiting for its database',
};

/** Returns the reason why the connection ended, as sentences. */
export function endingWords({ reason, message, untilMs }: Extract<Link, { state: 'ended' }>): string {
  if (untilMs !== undefined) return message;
  return endReasons[reason] ?? (reason === 'left' ? message : refusalWords({ reason, message }));
}

function waitingWords(reason: string, inMs: number, isOnline: boolean): Pick<LinkWords, 'words' | 'steady'> {
  const seconds = Math.ceil(inMs / 1_000);
  const isFull = reason === 'channel-full';
  const steady = isOnline ? (waitReasons[reason] ?? 'Connection lost') : 'You are offline';
  const now = isFull ? 'entering…' : 'reconnecting…';
  const later = `${isFull ? 'trying again' : 'reconnecting'} in ${seconds} s`;
  return { steady, words: `${steady}; ${seconds <= 0 ? now : later}` };
}

function status(tone: LinkWords['tone'], words: string, again?: 'Rejoin here'): LinkWords {
  return { tone, words, steady: words, again };
}

/** Returns the status text of a link. `nowMs` is Unix ms. */
export function linkWords(link: Link, nowMs: number, isOnline = true): LinkWords {
  switch (link.state) {
    case 'live':
      return status('good', 'Live');
    case 'connecting':
      return status('busy', 'Connecting…');
    case 'catching-up':
      return status('busy', 'Catching up…');
    case 'waiting':
      return { tone: 'bad', ...waitingWords(link.reason, link.untilMs - nowMs, isOnline), again: 'Try now' };
    case 'ended':
      return status(
        'bad',
        endingWords(link),
        isOver(link) && nowMs < (link.untilMs ?? Infinity) ? undefined : 'Rejoin here',
      );
  }
}
