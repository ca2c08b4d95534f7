import type { Channel } from '@parley/client';
import { Name } from './text.js';

interface RoomElsewhereProps {
  /** The room in which the user is. */
  readonly room: Channel;
  readonly onEnter: () => void;
}

/** Warns the user that entering a room ends their stay in a room on another device. */
export function RoomElsewhere({ room, onEnter }: RoomElsewhereProps) {
  return (
    <section className="no-room">
      <h2>
        You are in <Name of={room.name} /> on another device
      </h2>
      <p>You can be in one live room at a time. If you enter this room, you leave the other one.</p>
      <div className="choices">
        <button type="button" className="primary" onClick={onEnter}>
          Enter this room
        </button>
        <a className="quiet" href="#rooms">
          Stay there
        </a>
      </div>
    </section>
  );
}
