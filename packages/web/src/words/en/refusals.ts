import type { Reason } from '@parley/client';

/** Texts of refusals, by reason. */
export type RefusalTexts = Readonly<Partial<Record<Reason, string>>>;

/** Texts that the page shows in place of the server's. The others are fine as the server wrote them. */
export const enRefusals: RefusalTexts = {
  unreachable: 'The server cannot be reached.',
  'deadline-exceeded': 'The server took too long to answer. Try again.',
  'too-busy': 'The server is busy. Try again in a moment.',
  'listen-too-often': 'Too many attempts. Try again in a moment.',
  'create-too-often': 'You have created too many rooms. Try again later.',
  'invalid-password':
    'Use a password of 8 to 72 bytes. An English letter or a digit takes 1 byte, other characters take 2 to 4.',
  'not-your-message': 'Only the sender can change this message.',
  'mention-not-found': 'Somebody you mention is not here any more. Send it again to mention nobody.',
  'message-not-found': 'The message no longer exists.',
  'no-history': 'This room has no message history, so messages cannot be changed.',
  'slow-mode': 'This room is in slow mode.',
  'user-id-taken': 'That user ID is taken. Choose another.',
};

/** Returns the text of a refusal that has no text in the catalogue. */
export const enOtherRefusal = (_reason: string, message: string) => message;
