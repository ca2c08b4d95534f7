import { mostAttached } from './limits.js';

/** A file that the user has chosen for the next message of a channel. */
export interface Attachment {
  /** Identifies it in this tab. */
  readonly key: string;
  readonly name: string;
  /** Bytes. */
  readonly size: number;
  /** Bytes that the server has. */
  readonly sent: number;
  /** A picture or a sound, with its address in this browser. */
  readonly preview: { readonly kind: 'image' | 'audio'; readonly address: string } | undefined;
  readonly state: 'waiting' | 'uploading' | 'paused' | 'ready' | 'refused';
  /** Id of the file, once the server has begun to receive it. */
  readonly fileId?: string;
  /** Why the file was refused. */
  readonly why?: string;
  /** Whether the same file may be accepted later. */
  readonly mayRetry?: boolean;
}

/** The files for the next message of one channel. */
export interface ChannelAttachments {
  readonly list: readonly Attachment[];
  /** Number of files that were chosen last and did not fit into the message. */
  readonly excess: number;
}

export type AttachmentsState = Readonly<Record<number, ChannelAttachments>>;

export type AttachmentsAction = { readonly channelId: number } & (
  | { readonly type: 'added'; readonly attachments: readonly Attachment[] }
  | { readonly type: 'changed'; readonly key: string; readonly change: Partial<Attachment> }
  | { readonly type: 'removed'; readonly key: string }
  | { readonly type: 'taken' }
);

const none: ChannelAttachments = { list: [], excess: 0 };

/** Returns the files for the next message of a channel. */
export function attachmentsOf(state: AttachmentsState, channelId: number): ChannelAttachments {
  return state[channelId] ?? none;
}

/** Returns all files that wait for their messages. */
export function allAttachments(state: AttachmentsState): readonly Attachment[] {
  return Object.values(state).flatMap(({ list }) => list);
}

function changed({ list, excess }: ChannelAttachments, action: AttachmentsAction): ChannelAttachments {
  switch (action.type) {
    case 'added': {
      const all = [...list, ...action.attachments];
      return { list: all.slice(0, mostAttached), excess: Math.max(0, all.length - mostAttached) };
    }
    case 'changed':
      return { list: list.map((one) => (one.key === action.key ? { ...one, ...action.change } : one)), excess };
    case 'removed':
      return { list: list.filter(({ key }) => key !== action.key), excess: 0 };
    case 'taken':
      return none;
  }
}

/** Returns the attachments after an action. */
export function attachmentsReducer(state: AttachmentsState, action: AttachmentsAction): AttachmentsState {
  return { ...state, [action.channelId]: changed(attachmentsOf(state, action.channelId), action) };
}
