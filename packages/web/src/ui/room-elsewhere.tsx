import type { Channel } from '@parley/client';
import { words } from '../words/words.js';
import { Name } from './text.js';

interface RoomElsewhereProps {
  /** The room in which the user is. */
  readonly room: Channel;
  readonly onEnter: () => void;
}

/** Warns the user that entering a room ends their stay in a room on another device. */
export function RoomElsewhere({ room, onEnter }: RoomElsewhereProps) {
  const say = words().rooms;
  return (
    <section className="no-room">
      <h2>
        {say.elsewhereBefore}
        <Name of={room.name} />
        {say.elsewhereAfter}
      </h2>
      <p>{say.elsewhereHint}</p>
      <div className="choices">
        <button type="button" className="primary" onClick={onEnter}>
          {say.enter}
        </button>
        <a className="quiet" href="#rooms">
          {say.stayThere}
        </a>
      </div>
    </section>
  );
}
