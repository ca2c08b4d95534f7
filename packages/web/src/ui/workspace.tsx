import { useEffect, useState } from 'react';
import { RoomContext, useDesk } from './desk-context.js';
import { usePlace, useWatched } from './hooks.js';
import { NewRoom } from './new-room.js';
import { NoSuchRoom } from './no-such-room.js';
import { RoomView } from './room-view.js';
import { Side } from './side.js';

/** Where there is room for the list or a room, not both: going back to the list does not leave the room. */
const phone = '(max-width: 720px)';

/** The rooms, and the one that the address names. On a phone one of them is seen. */
export function Workspace({ onSignOut }: { onSignOut: () => void }) {
  const desk = useDesk();
  const room = useWatched({ state: desk.room, subscribe: desk.subscribe });
  const { channelId, isNone } = usePlace();
  const [making, setMaking] = useState(false);
  useEffect(() => {
    if (channelId !== undefined) desk.enter(channelId);
    else if (matchMedia(phone).matches) desk.glance();
    else desk.look();
  }, [desk, channelId]);
  useEffect(() => {
    if (room === undefined && channelId !== undefined && desk.room() === undefined) location.hash = '';
  }, [desk, room, channelId]);
  return (
    <div className="workspace" data-pane={channelId === undefined && !isNone ? 'rooms' : 'room'}>
      <Side openId={channelId ?? room?.channelId} onNew={() => setMaking(true)} onSignOut={onSignOut} />
      <main className="main">
        {isNone && <NoSuchRoom />}
        {!isNone && room === undefined && <NoRoom onNew={() => setMaking(true)} />}
        {!isNone && room !== undefined && (
          <RoomContext value={room}>
            <RoomView key={room.channelId} />
          </RoomContext>
        )}
      </main>
      {making && <NewRoom onClose={() => setMaking(false)} />}
    </div>
  );
}

function NoRoom({ onNew }: { onNew: () => void }) {
  return (
    <section className="no-room">
      <h2>Choose a room</h2>
      <p>Everyone in a room sees your messages right away. You can be in one room at a time.</p>
      <button type="button" className="primary" onClick={onNew}>
        Create room
      </button>
    </section>
  );
}
