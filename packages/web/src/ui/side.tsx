import type { Channel } from '@parley/client';
import { distinction } from '../state/room-names.js';
import { type RoomsState, roomsOf } from '../state/rooms.js';
import { Avatar } from './avatar.js';
import { useWatched } from './hooks.js';
import { Icon } from './icon.js';
import { Mark } from './mark.js';
import { RoomItem } from './room-item.js';
import { SignOut } from './sign-out.js';
import { Name } from './text.js';
import { sentence } from './use-action.js';
import { useHeldOrder } from './use-held-order.js';
import { useWorkspace } from './workspace-context.js';

interface SideProps {
  readonly openId: number | undefined;
  readonly onNew: () => void;
  readonly onSignOut: () => void;
}

/** The sidebar: the list of rooms and the signed-in user. */
export function Side({ openId, onNew, onSignOut }: SideProps) {
  return (
    <div className="side">
      <header className="side-head">
        <Mark size={28} />
        <h1>Parley</h1>
        <button type="button" className="icon-button" aria-label="Create room" title="Create room" onClick={onNew}>
          <Icon name="plus" />
        </button>
      </header>
      <Rooms openId={openId} />
      <Me onSignOut={onSignOut} />
    </div>
  );
}

function Rooms({ openId }: { openId: number | undefined }) {
  const { rooms: watch } = useWorkspace();
  const state = useWatched(watch);
  const { fresh, trouble, more } = state;
  const [mine, listed] = [roomsOf(state, 'mine'), roomsOf(state, 'listed')];
  return (
    <nav className="rooms" aria-label="Rooms">
      {trouble !== undefined && (
        <p className="trouble" role="status">
          {sentence(trouble)}
        </p>
      )}
      {mine.length + listed.length === 0 && fresh && (
        <p className="hint">
          There are no rooms yet. Create a room with the + button above. Other people find it in this list.
        </p>
      )}
      <RoomList title="Your rooms" rooms={mine} state={state} openId={openId} />
      <RoomList title={mine.length > 0 ? 'Other rooms' : undefined} rooms={listed} state={state} openId={openId} />
      {more && (
        <button type="button" className="quiet more" onClick={() => watch.more()}>
          Show more
        </button>
      )}
    </nav>
  );
}

interface RoomListProps {
  readonly title: string | undefined;
  readonly rooms: readonly Channel[];
  readonly state: Pick<RoomsState, 'channels' | 'unread' | 'unsent'>;
  readonly openId: number | undefined;
}

function RoomList({ title, rooms, state: { channels, unread, unsent }, openId }: RoomListProps) {
  const held = useHeldOrder(rooms);
  if (rooms.length === 0) return null;
  return (
    <>
      {title !== undefined && <h2>{title}</h2>}
      <ul {...held.onList}>
        {held.rooms.map((room) => (
          <RoomItem
            key={room.id}
            room={room}
            which={distinction(channels, room)}
            isOpen={room.id === openId}
            unread={unread[room.id] ?? 0}
            unsent={unsent[room.id] ?? 0}
          />
        ))}
      </ul>
    </>
  );
}

function Me({ onSignOut }: { onSignOut: () => void }) {
  const { userId, name } = useWorkspace().session;
  return (
    <footer className="side-foot">
      <Avatar id={userId} name={name} />
      <p>
        <strong>
          <Name of={name} title={userId} />
        </strong>
        <span>{userId}</span>
      </p>
      <SignOut onSignOut={onSignOut} />
    </footer>
  );
}
