import { Kind } from './gen/chat/v1/types.js';

/** Types of the events that outgoing webhooks send, by the kind of the entry of the log. */
export const webhookTypes: Readonly<Record<Kind, string>> = {
  [Kind.UNSPECIFIED]: 'message.created',
  [Kind.EDIT]: 'message.edited',
  [Kind.DELETE]: 'message.deleted',
  [Kind.REACT]: 'reaction.added',
  [Kind.UNREACT]: 'reaction.removed',
  [Kind.PIN]: 'message.pinned',
  [Kind.UNPIN]: 'message.unpinned',
  [Kind.MEMBER]: 'member.changed',
};
