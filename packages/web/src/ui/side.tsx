import type { Channel } from '@parley/client';
import { useState } from 'react';
import { givenName } from '../state/names.js';
import { distinction } from '../state/room-names.js';
import { type RoomsState, roomsOf } from '../state/rooms.js';
import { words } from '../words/words.js';
import { Avatar } from './avatar.js';
import { ChatList } from './chat-list.js';
import { DialogOnDemand } from './dialog-on-demand.js';
import { useNow, useWatched, useWatchedPart } from './hooks.js';
import { Icon, type IconName } from './icon.js';
import { InboxStatus } from './inbox-status.js';
import { Mark } from './mark.js';
import { useOverlay } from './overlay-context.js';
import { RoomItem } from './room-item.js';
import { SeatBar } from './seat-bar.js';
import { SignOut } from './sign-out.js';
import { Name } from './text.js';
import { sentence } from './use-action.js';
import { useHeldOrder } from './use-held-order.js';
import { useWorkspace } from './workspace-context.js';

interface SideProps {
  readonly openId: number | undefined;
  /** Whether the joined room is on screen. */
  readonly showsRoom: boolean;
  /** Whether the list is all that is on screen. */
  readonly isMain: boolean;
  readonly onNewRoom: () => void;
  readonly onNewChat: () => void;
  readonly onSwitch: () => void;
  readonly onSignOut: () => void;
}

/** The sidebar: the chats, the rooms and the signed-in user. */
export function Side({ openId, showsRoom, isMain, onNewRoom, onNewChat, onSwitch, onSignOut }: SideProps) {
  const workspace = useWorkspace();
  const room = useWatched({ state: workspace.room, subscribe: workspace.subscribe });
  const [isFinding, setIsFinding] = useState(false);
  const say = words().chats;
  const stopFinding = () => setIsFinding(false);
  // One element for both roles, because another one would lose open dialogs when a phone is turned.
  return (
    <section className="side" role={isMain ? 'main' : undefined} aria-label={say.sidebar}>
      <div className="side-head">
        <Mark size={28} />
        <h1>Parley</h1>
        <HeadButton name="search" label={say.goTo} onPress={onSwitch} />
        <HeadButton name="compass" label={say.find} onPress={() => setIsFinding(true)} />
        <HeadButton name="plus" label={say.newChat} onPress={onNewChat} />
      </div>
      <nav className="rooms" aria-label={say.list}>
        <ChatList openId={openId} />
        <Rooms openId={openId} onNew={onNewRoom} />
      </nav>
      <InboxStatus />
      {room !== undefined && !showsRoom && <SeatBar room={room} />}
      <Me onSignOut={onSignOut} />
      {isFinding && (
        <DialogOnDemand
          title={say.find}
          onClose={stopFinding}
          show={({ BrowseChannels }) => <BrowseChannels onClose={stopFinding} />}
        />
      )}
    </section>
  );
}

function HeadButton({ name, label, onPress }: { name: IconName; label: string; onPress: () => void }) {
  return (
    <button type="button" className="icon-button" aria-label={label} title={label} onClick={onPress}>
      <Icon name={name} />
    </button>
  );
}

/** Opens the settings of notifications. A moon says that the user does not want to be disturbed. */
function NoticesButton({ onPress }: { onPress: () => void }) {
  const { notices } = useWorkspace();
  const { quietUntilMs } = useWatched(notices.settings);
  useNow(quietUntilMs > 0, 10_000);
  const isQuiet = notices.quietForMs() > 0;
  const { title, titleQuiet } = words().notices;
  return <HeadButton name={isQuiet ? 'moon' : 'bell'} label={isQuiet ? titleQuiet : title} onPress={onPress} />;
}

function Rooms({ openId, onNew }: { openId: number | undefined; onNew: () => void }) {
  const { rooms: watch } = useWorkspace();
  const state = useWatched(watch);
  const { fresh, trouble, more } = state;
  const say = words().rooms;
  const [mine, listed] = [roomsOf(state, 'mine'), roomsOf(state, 'listed')];
  return (
    <>
      <h2 className="with-button" title={say.oneAtATime}>
        {say.rooms}
        <button type="button" className="icon-button small" aria-label={say.create} title={say.create} onClick={onNew}>
          <Icon name="plus" size={18} />
        </button>
      </h2>
      {trouble !== undefined && (
        <p className="trouble" role="status">
          {sentence(trouble)}
        </p>
      )}
      {mine.length + listed.length === 0 && fresh && <p className="hint">{say.none}</p>}
      <RoomList title={undefined} rooms={mine} state={state} openId={openId} />
      <RoomList title={mine.length > 0 ? say.otherRooms : undefined} rooms={listed} state={state} openId={openId} />
      {more && (
        <button type="button" className="quiet more" onClick={() => watch.more()}>
          {words().common.more}
        </button>
      )}
    </>
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
  const { session, chats } = useWorkspace();
  const { userId } = session;
  const name = useWatchedPart(chats, ({ names }) => givenName(names, userId));
  const openOverlay = useOverlay();
  const [asks, setAsks] = useState(false);
  const close = () => setAsks(false);
  return (
    <div className="side-foot">
      <Avatar id={userId} name={name} />
      <p>
        <strong>
          <Name of={name} title={userId} />
        </strong>
        <span>{userId}</span>
      </p>
      <NoticesButton onPress={() => setAsks(true)} />
      <HeadButton name="gear" label={words().settings.open} onPress={() => openOverlay({ type: 'settings' })} />
      <SignOut onSignOut={onSignOut} />
      {asks && (
        <DialogOnDemand
          title={words().notices.title}
          onClose={close}
          show={({ NotificationsDialog }) => <NotificationsDialog onClose={close} />}
        />
      )}
    </div>
  );
}
