import { Avatar } from './avatar.js';
import { useDesk } from './desk-context.js';
import { useWatched } from './hooks.js';
import { Icon } from './icon.js';
import { Mark } from './mark.js';
import { RoomItem } from './room-item.js';
import { Name } from './text.js';
import { sentence } from './use-action.js';

interface SideProps {
  readonly openId: number | undefined;
  readonly onNew: () => void;
  readonly onSignOut: () => void;
}

/** Every room, and who one is. */
export function Side({ openId, onNew, onSignOut }: SideProps) {
  return (
    <div className="side">
      <header className="side-head">
        <Mark size={28} />
        <h1>Parley</h1>
        <button type="button" className="icon-button" aria-label="Make a room" title="Make a room" onClick={onNew}>
          <Icon name="plus" />
        </button>
      </header>
      <Rooms openId={openId} />
      <Me onSignOut={onSignOut} />
    </div>
  );
}

function Rooms({ openId }: { openId: number | undefined }) {
  const { rooms, fresh, trouble, unread } = useWatched(useDesk().rooms);
  return (
    <nav className="rooms" aria-label="Rooms">
      {trouble !== undefined && (
        <p className="trouble" role="status">
          {sentence(trouble)}
        </p>
      )}
      {rooms.length === 0 && fresh && <p className="hint">There is no room yet. Make the first one.</p>}
      <ul>
        {rooms.map((room) => (
          <RoomItem key={room.id} room={room} isOpen={room.id === openId} unread={unread[room.id] ?? 0} />
        ))}
      </ul>
    </nav>
  );
}

function Me({ onSignOut }: { onSignOut: () => void }) {
  const { userId, name } = useDesk().session;
  return (
    <footer className="side-foot">
      <Avatar id={userId} name={name} />
      <p>
        <strong>
          <Name of={name} title={userId} />
        </strong>
        <span>{userId}</span>
      </p>
      <button type="button" className="quiet" onClick={onSignOut}>
        Sign out
      </button>
    </footer>
  );
}
