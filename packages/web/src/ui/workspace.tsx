import { useEffect, useState } from 'react';
import { RoomContext, useDesk } from './desk-context.js';
import { useChannelId, useWatched } from './hooks.js';
import { NewRoom } from './new-room.js';
import { RoomView } from './room-view.js';
import { Side } from './side.js';

/** The rooms, and the one that the address names. On a phone one of them is seen. */
export function Workspace({ onSignOut }: { onSignOut: () => void }) {
  const desk = useDesk();
  const room = useWatched({ state: desk.room, subscribe: desk.subscribe });
  const channelId = useChannelId();
  const [making, setMaking] = useState(false);
  useEffect(() => {
    if (channelId === undefined) desk.look();
    else desk.enter(channelId);
  }, [desk, channelId]);
  useEffect(() => {
    if (room === undefined && channelId !== undefined && desk.room() === undefined) location.hash = '';
  }, [desk, room, channelId]);
  return (
    <div className="workspace" data-pane={channelId === undefined ? 'rooms' : 'room'}>
      <Side openId={channelId} onNew={() => setMaking(true)} onSignOut={onSignOut} />
      <main className="main">
        {room === undefined ? (
          <NoRoom onNew={() => setMaking(true)} />
        ) : (
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
      <p>Whoever is inside hears you at once. You are in one room at a time.</p>
      <button type="button" className="primary" onClick={onNew}>
        Make a room
      </button>
    </section>
  );
}
