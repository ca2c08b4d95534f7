import type { Refusal } from '@parley/client';

/** Where the words of the table are not those of a page. */
const words: Readonly<Record<string, string>> = {
  unreachable: 'the server cannot be reached',
  'deadline-exceeded': 'the server did not answer in time',
  'too-busy': 'the server is busy: try again in a moment',
  'listen-too-often': 'too many attempts: wait a moment',
  'create-too-often': 'too many new rooms: wait a few seconds',
  'invalid-password': 'a password has 8 to 72 bytes: a letter of English or a digit is one, others are two to four',
  'wrong-credentials': 'the user ID or the password is wrong',
  'not-your-message': 'only its author can change a message',
  'message-not-found': 'the message was deleted',
  'nothing-kept': 'this room has no message history, so its messages cannot be changed',
  'slow-mode': 'this room is in slow mode',
  'user-id-taken': 'that user ID is taken',
};

/** Why something was refused, for who reads it in the page. */
export function refusalWords({ reason, message }: Pick<Refusal, 'reason' | 'message'>): string {
  return words[reason] ?? message;
}
