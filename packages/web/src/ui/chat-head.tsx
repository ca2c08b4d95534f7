import { ChannelKind } from '@parley/client';
import { useEffect, useState } from 'react';
import { chatFacts, memberWords } from '../state/chat-words.js';
import { type ChatItem, titleOf } from '../state/chats.js';
import { words } from '../words/words.js';
import { ChatIcon } from './chat-icon.js';
import { ChatMenu } from './chat-menu.js';
import { DialogOnDemand } from './dialog-on-demand.js';
import { useWatchedPart } from './hooks.js';
import { Icon, type IconName } from './icon.js';
import { PersonName } from './person-name.js';
import { Name } from './text.js';
import { useWorkspace } from './workspace-context.js';

type Shown = 'search' | 'pins' | 'members';

/** The header of a chat: its name, who can read it, its members, and what the user can do with it. */
export function ChatHead({ item }: { item: ChatItem }) {
  const { chats } = useWorkspace();
  const names = useWatchedPart(chats, (state) => state.names);
  const [shown, setShown] = useState<Shown>();
  const close = () => setShown(undefined);
  const { channel, peer } = item;
  const say = words().chats;
  const isOnline = useWatchedPart(chats, ({ online }) => peer !== undefined && online.has(peer.id));
  const facts = [...(peer === undefined ? [] : [isOnline ? say.isOnline : say.isOffline]), chatFacts(channel)].join(
    ' · ',
  );
  return (
    <header className="room-head">
      <a className="icon-button back" href="#rooms" aria-label={words().common.allChats}>
        <Icon name="back" />
      </a>
      <ChatIcon item={item} isOnline={isOnline} />
      <div className="room-title">
        <h2>{peer === undefined ? <Name of={titleOf(item)} /> : <PersonName id={peer.id} name={titleOf(item)} />}</h2>
        <p title={facts}>{facts}</p>
      </div>
      <HeadButton name="search" label={say.search} onPress={() => setShown('search')} />
      <HeadButton name="pin" label={say.pinned} onPress={() => setShown('pins')} />
      <Favourite id={channel.id} />
      {channel.kind !== ChannelKind.DIRECT && <Members item={item} onPress={() => setShown('members')} />}
      <ChatMenu item={item} onShow={setShown} />
      {shown === 'search' && (
        <DialogOnDemand
          title={say.search}
          onClose={close}
          show={({ SearchDialog }) => <SearchDialog id={channel.id} onClose={close} />}
        />
      )}
      {shown === 'pins' && (
        <DialogOnDemand
          title={say.pinned}
          onClose={close}
          show={({ PinsDialog }) => <PinsDialog names={names} onClose={close} />}
        />
      )}
      {shown === 'members' && (
        <DialogOnDemand
          title={memberWords(channel.memberCount)}
          onClose={close}
          show={({ MembersDialog }) => <MembersDialog item={item} onClose={close} />}
        />
      )}
    </header>
  );
}

/** A button that a narrow screen has in the menu instead. */
function HeadButton({ name, label, onPress }: { name: IconName; label: string; onPress: () => void }) {
  return (
    <button type="button" className="icon-button wide-only" aria-label={label} title={label} onClick={onPress}>
      <Icon name={name} />
    </button>
  );
}

function Favourite({ id }: { id: number }) {
  const { chats } = useWorkspace();
  const isFavourite = useWatchedPart(chats, ({ favourites }) => favourites.includes(id));
  const { removeFavourite, addFavourite } = words().chats;
  const label = isFavourite ? removeFavourite : addFavourite;
  return (
    <button
      type="button"
      className="icon-button favourite wide-only"
      aria-pressed={isFavourite}
      aria-label={label}
      title={label}
      onClick={() => chats.favourite(id, !isFavourite)}
    >
      <Icon name="star" />
    </button>
  );
}

function Members({ item, onPress }: { item: ChatItem; onPress: () => void }) {
  const { chats } = useWorkspace();
  const { recountSeq, channel } = item;
  const { id, memberCount } = channel;
  useEffect(() => {
    if (recountSeq !== undefined) chats.tryRefresh(id);
  }, [chats, id, recountSeq]);
  const label = memberWords(memberCount);
  return (
    <button type="button" className="people" title={label} onClick={onPress}>
      <Icon name="people" size={18} />
      <span aria-hidden="true">{memberCount.toLocaleString()}</span>
      <span className="unseen">{words().chats.membersButton(label)}</span>
    </button>
  );
}
