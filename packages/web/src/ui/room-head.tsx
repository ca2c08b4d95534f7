import { useState } from 'react';
import type { ConversationState } from '../state/conversation-state.js';
import { isOver } from '../state/link.js';
import { occupantsOf } from '../state/occupants.js';
import { messageHistoryText } from '../state/retention.js';
import { distinction } from '../state/room-names.js';
import { Dialog } from './dialog.js';
import { useWatched } from './hooks.js';
import { Icon } from './icon.js';
import { Leave } from './leave.js';
import { PeopleList } from './people.js';
import { RefusalLine } from './refusal-line.js';
import { Name } from './text.js';
import { useAction } from './use-action.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

/** The header of a room: name, users, and buttons to delete or leave it. */
export function RoomHead({ state }: { state: ConversationState }) {
  const workspace = useWorkspace();
  const { channelId } = useOpenConversation();
  const { channels } = useWatched(workspace.rooms);
  const channel = channels[channelId] ?? state.channel;
  const name = channel?.name ?? `Room ${channelId}`;
  const inside = occupantsOf(state, channel ?? { users: [], userCount: 0 });
  const over = isOver(state.link);
  const facts = channel && [distinction(channels, channel), messageHistoryText(channel)];
  const about = facts?.filter((fact) => fact !== undefined).join(' · ');
  const others = inside.count - (inside.ids.includes(state.me) ? 1 : 0);
  return (
    <header className="room-head">
      <a className="icon-button back" href="#rooms" aria-label="All rooms">
        <Icon name="back" />
      </a>
      <div className="room-title">
        <h2>
          <Name of={name} />
        </h2>
        {channel !== undefined && !over && <p title={about}>{about}</p>}
      </div>
      {!over && <PeopleList inside={inside} me={state.me} most={channel?.limit ?? 0} />}
      {!over && channel?.ownerId === workspace.session.userId && <Delete name={name} others={others} />}
      <Leave state={state} />
    </header>
  );
}

interface DeleteProps {
  readonly name: string;
  /** Number of other users in the room. */
  readonly others: number;
}

function Delete({ name, others }: DeleteProps) {
  const { channelId } = useOpenConversation();
  const [asked, setAsked] = useState(false);
  return (
    <>
      <button
        type="button"
        className="icon-button delete"
        aria-label="Delete room"
        title="Delete room"
        onClick={() => setAsked(true)}
      >
        <Icon name="trash" />
      </button>
      {asked && <DeleteRoom id={channelId} name={name} others={others} onClose={() => setAsked(false)} />}
    </>
  );
}

function othersWords(others: number): string {
  if (others <= 0) return '';
  return others === 1
    ? ' One other person is in it and will be disconnected.'
    : ` ${others} other people are in it and will be disconnected.`;
}

function DeleteRoom({ id, name, others, onClose }: DeleteProps & { id: number; onClose: () => void }) {
  const workspace = useWorkspace();
  const { busy, refused, run } = useAction(() => workspace.delete(id));
  return (
    <Dialog title="Delete this room?" onClose={onClose}>
      <p>
        <Name of={name} /> and all its messages will be deleted for everyone right away.{othersWords(others)}
      </p>
      <RefusalLine refused={refused} />
      <div className="choices">
        <button type="button" className="danger" disabled={busy} onClick={run}>
          Delete room
        </button>
        <button type="button" className="quiet" onClick={onClose}>
          Keep room
        </button>
      </div>
    </Dialog>
  );
}
