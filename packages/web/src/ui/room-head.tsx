import { useState } from 'react';
import type { ConversationState } from '../state/conversation-state.js';
import { isOver } from '../state/link.js';
import { occupantsOf } from '../state/occupants.js';
import { hasHistory, messageHistoryText } from '../state/retention.js';
import { distinction } from '../state/room-names.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { DialogOnDemand } from './dialog-on-demand.js';
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
  const name = channel?.name ?? words().rooms.numbered(channelId);
  const inside = occupantsOf(state, channel ?? { users: [], userCount: 0 });
  const over = isOver(state.link);
  const facts = channel && [distinction(channels, channel), messageHistoryText(channel)];
  const about = facts?.filter((fact) => fact !== undefined).join(' · ');
  const others = inside.count - (inside.ids.includes(state.me) ? 1 : 0);
  return (
    <header className="room-head">
      <a className="icon-button back" href="#rooms" aria-label={words().common.allRooms}>
        <Icon name="back" />
      </a>
      <div className="room-title">
        <h2>
          <Name of={name} />
        </h2>
        {channel !== undefined && !over && <p title={about}>{about}</p>}
      </div>
      {channel !== undefined && !over && hasHistory(channel) && <Pins names={state.names} />}
      {!over && <PeopleList inside={inside} me={state.me} most={channel?.limit ?? 0} />}
      {!over && channel?.ownerId === workspace.session.userId && <Delete name={name} others={others} />}
      <Leave state={state} />
    </header>
  );
}

function Pins({ names }: Pick<ConversationState, 'names'>) {
  const [open, setOpen] = useState(false);
  const close = () => setOpen(false);
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label={words().chats.pinned}
        title={words().chats.pinned}
        onClick={() => setOpen(true)}
      >
        <Icon name="pin" />
      </button>
      {open && (
        <DialogOnDemand
          title={words().chats.pinned}
          onClose={close}
          show={({ PinsDialog }) => <PinsDialog names={names} onClose={close} />}
        />
      )}
    </>
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
        aria-label={words().rooms.delete}
        title={words().rooms.delete}
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
  return words().rooms.deleteOthers(others);
}

function DeleteRoom({ id, name, others, onClose }: DeleteProps & { id: number; onClose: () => void }) {
  const workspace = useWorkspace();
  const { busy, refused, run } = useAction(() => workspace.delete(id));
  const say = words().rooms;
  return (
    <Dialog title={say.deleteTitle} onClose={onClose}>
      <p>
        <Name of={name} />
        {say.deleteHint}
        {othersWords(others)}
      </p>
      <RefusalLine refused={refused} />
      <div className="choices">
        <button type="button" className="danger" disabled={busy} onClick={run}>
          {say.delete}
        </button>
        <button type="button" className="quiet" onClick={onClose}>
          {say.keep}
        </button>
      </div>
    </Dialog>
  );
}
