import { useEffect, useMemo, useState } from 'react';
import { allAttachments } from '../state/attachments.js';
import { titleOf } from '../state/chats.js';
import type { PagePlace } from '../state/place.js';
import { chatHref } from '../state/place.js';
import { words } from '../words/words.js';
import { ChatPane } from './chat-view.js';
import { DialogOnDemand } from './dialog-on-demand.js';
import { useMedia, usePlace, useWatched, useWatchedPart } from './hooks.js';
import { Invitation } from './invitation.js';
import { NoSuchRoom } from './no-such-room.js';
import { RoomElsewhere } from './room-elsewhere.js';
import { RoomView } from './room-view.js';
import { Side } from './side.js';
import { Switcher, useSwitcher } from './switcher.js';
import { UnsavedNotice } from './unsaved-notice.js';
import { useLeaveGuard } from './use-leave-guard.js';
import { usePageTitle } from './use-page-title.js';
import { useShortcuts } from './use-shortcuts.js';
import { ConversationContext, useWorkspace } from './workspace-context.js';

/**
 * Media query for a screen that has space only for the list or a room. There, a user who goes back
 * to the list stays in the room.
 */
const phone = '(max-width: 720px)';

/** The list of chats and rooms, and the one that the address names. A phone shows one of the two. */
export function WorkspaceView({ onSignOut }: { onSignOut: () => void }) {
  const place = usePlace();
  const { channelId, kind, inviteId, isNone } = place;
  const [allowed, setAllowed] = useState<number>();
  const { room, elsewhere } = useRoomOf(place, allowed);
  const [making, setMaking] = useState<'room' | 'chat'>();
  const isPhone = useMedia(phone);
  const switcher = useSwitcher();
  useShortcuts();
  useLeaveGuard(allAttachments(useWatched(useWorkspace().attachments)).length > 0);
  usePageTitle(useOpenTitle(place));
  const onNew = () => setMaking('room');
  const onMade = () => setMaking(undefined);
  return (
    <div
      className="workspace"
      data-pane={channelId === undefined && inviteId === undefined && !isNone ? 'rooms' : 'room'}
    >
      <Side
        openId={channelId ?? room?.channelId}
        showsRoom={kind === 'room' || (channelId === undefined && !isPhone)}
        isMain={isPhone && channelId === undefined && inviteId === undefined && !isNone}
        onNewRoom={onNew}
        onNewChat={() => setMaking('chat')}
        onSwitch={switcher.open}
        onSignOut={onSignOut}
      />
      <main className="main">
        {isPhone && <h1 className="unseen">Parley</h1>}
        {elsewhere === undefined ? (
          <Pane place={place} onNew={onNew} onNewChat={() => setMaking('chat')} />
        ) : (
          <RoomElsewhere room={elsewhere} onEnter={() => setAllowed(channelId)} />
        )}
      </main>
      <UnsavedNotice />
      {making === 'room' && (
        <DialogOnDemand
          title={words().rooms.create}
          onClose={onMade}
          show={({ NewRoom }) => <NewRoom onClose={onMade} />}
        />
      )}
      {making === 'chat' && (
        <DialogOnDemand
          title={words().chats.newChat}
          onClose={onMade}
          show={({ NewChat }) => <NewChat onClose={onMade} />}
        />
      )}
      {switcher.isOpen && <Switcher onClose={switcher.close} />}
    </div>
  );
}

/**
 * Joins the room that the address names, and returns the joined room. If the user would leave a room
 * on another device, returns that room and joins only once the user has `allowed` it.
 */
function useRoomOf({ channelId, kind, seq }: PagePlace, allowed: number | undefined) {
  const workspace = useWorkspace();
  const room = useWatched({ state: workspace.room, subscribe: workspace.subscribe });
  const isChat = useWatchedPart(workspace.chats, ({ items }) => items[channelId ?? 0] !== undefined);
  const asks = kind === 'room' && channelId !== undefined && !isChat && channelId !== allowed;
  const elsewhere = useMemo(
    () => (asks ? workspace.roomElsewhere(channelId) : undefined),
    [workspace, channelId, asks],
  );
  useEffect(() => {
    if (kind === 'room' && channelId !== undefined) {
      if (isChat) location.replace(chatHref(channelId, seq));
      else if (elsewhere === undefined) workspace.enter(channelId);
      return;
    }
    if (kind === 'chat' || matchMedia(phone).matches) workspace.showList();
    else workspace.closeRoom();
  }, [workspace, channelId, kind, seq, isChat, elsewhere]);
  useEffect(() => {
    const isAway = room === undefined && workspace.room() === undefined;
    if (isAway && kind === 'room' && !isChat && elsewhere === undefined) location.hash = '';
  }, [workspace, room, kind, isChat, elsewhere]);
  return { room, elsewhere };
}

/** Returns the name of the chat or room that the address names, if it is known. */
function useOpenTitle({ channelId, kind }: PagePlace): string | undefined {
  const { chats, rooms } = useWorkspace();
  const ofRoom = useWatchedPart(rooms, ({ channels }) => channels[channelId ?? 0]?.name);
  const ofChat = useWatchedPart(chats, ({ items: { [channelId ?? 0]: item } }) => item && titleOf(item));
  return kind === 'room' ? ofRoom : ofChat;
}

interface PaneProps {
  readonly place: PagePlace;
  readonly onNew: () => void;
  readonly onNewChat: () => void;
}

function Pane({ place: { channelId, kind, inviteId, isNone }, onNew, onNewChat }: PaneProps) {
  const workspace = useWorkspace();
  const room = useWatched({ state: workspace.room, subscribe: workspace.subscribe });
  if (isNone) return <NoSuchRoom />;
  if (inviteId !== undefined) return <Invitation key={inviteId} id={inviteId} />;
  if (kind === 'chat' && channelId !== undefined) return <ChatPane key={channelId} id={channelId} />;
  if (room === undefined) return <NothingOpen onNew={onNew} onNewChat={onNewChat} />;
  return (
    <ConversationContext value={room}>
      <RoomView key={room.channelId} />
    </ConversationContext>
  );
}

function NothingOpen({ onNew, onNewChat }: Pick<PaneProps, 'onNew' | 'onNewChat'>) {
  const say = words().chats;
  return (
    <section className="no-room">
      <h2>{say.choose}</h2>
      <p>{say.chooseHint}</p>
      <div className="choices">
        <button type="button" className="primary" onClick={onNewChat}>
          {say.startChat}
        </button>
        <button type="button" className="quiet" onClick={onNew}>
          {words().rooms.create}
        </button>
      </div>
    </section>
  );
}
