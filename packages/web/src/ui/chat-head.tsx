import { ChannelKind } from '@parley/client';
import { useState } from 'react';
import { chatFacts, memberWords } from '../state/chat-words.js';
import { type ChatItem, titleOf } from '../state/chats.js';
import { ChatIcon } from './chat-icon.js';
import { ChatMenu } from './chat-menu.js';
import { useWatched } from './hooks.js';
import { Icon } from './icon.js';
import { MembersDialog } from './members-dialog.js';
import { PersonName } from './person-name.js';
import { SearchDialog } from './search-dialog.js';
import { Name } from './text.js';
import { useWorkspace } from './workspace-context.js';

/** The header of a chat: its name, who can read it, its members, and what the user can do with it. */
export function ChatHead({ item }: { item: ChatItem }) {
  const { chats } = useWorkspace();
  const { online } = useWatched(chats);
  const { channel, peer } = item;
  const isOnline = peer !== undefined && online.has(peer.id);
  const facts = [...(peer === undefined ? [] : [isOnline ? 'Online' : 'Offline']), chatFacts(channel)].join(' · ');
  return (
    <header className="room-head">
      <a className="icon-button back" href="#rooms" aria-label="All chats">
        <Icon name="back" />
      </a>
      <ChatIcon item={item} isOnline={isOnline} />
      <div className="room-title">
        <h2>{peer === undefined ? <Name of={titleOf(item)} /> : <PersonName id={peer.id} name={titleOf(item)} />}</h2>
        <p title={facts}>{facts}</p>
      </div>
      <SearchButton id={channel.id} />
      <Favourite id={channel.id} />
      {channel.kind !== ChannelKind.DIRECT && <Members item={item} />}
      <ChatMenu item={item} />
    </header>
  );
}

function SearchButton({ id }: { id: number }) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <button
        type="button"
        className="icon-button"
        aria-label="Search messages"
        title="Search messages"
        onClick={() => setOpen(true)}
      >
        <Icon name="search" />
      </button>
      {open && <SearchDialog id={id} onClose={() => setOpen(false)} />}
    </>
  );
}

function Favourite({ id }: { id: number }) {
  const { chats } = useWorkspace();
  const isFavourite = useWatched(chats).favourites.includes(id);
  const words = isFavourite ? 'Remove from favourites' : 'Add to favourites';
  return (
    <button
      type="button"
      className="icon-button favourite"
      aria-pressed={isFavourite}
      aria-label={words}
      title={words}
      onClick={() => chats.favourite(id, !isFavourite)}
    >
      <Icon name="star" />
    </button>
  );
}

function Members({ item }: { item: ChatItem }) {
  const [open, setOpen] = useState(false);
  const words = memberWords(item.channel.memberCount);
  return (
    <>
      <button type="button" className="people" title={words} onClick={() => setOpen(true)}>
        <Icon name="people" size={18} />
        <span aria-hidden="true">{item.channel.memberCount.toLocaleString()}</span>
        <span className="unseen">{words} (show list)</span>
      </button>
      {open && <MembersDialog item={item} onClose={() => setOpen(false)} />}
    </>
  );
}
