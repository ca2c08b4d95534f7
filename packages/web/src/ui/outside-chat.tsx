import { type Channel, ChannelKind, MemberRole, Refusal } from '@parley/client';
import { useEffect, useState } from 'react';
import { chatFacts } from '../state/chat-words.js';
import { placeOf, roomHref } from '../state/place.js';
import { refusalWords } from '../state/refusal-words.js';
import { isRoom } from '../state/rooms.js';
import { words } from '../words/words.js';
import { ChatPreview } from './chat-preview.js';
import { useWatched } from './hooks.js';
import { sentence } from './use-action.js';
import { useWorkspace } from './workspace-context.js';

type Found = { readonly channel: Channel } | { readonly why: string; readonly isGone: boolean };

/**
 * Loads the description of a channel, and loads it again whenever the list of chats arrives again.
 */
function useChannel(id: number): Found | undefined {
  const { membership, chats } = useWorkspace();
  const { fresh } = useWatched(chats);
  const [found, setFound] = useState<Found>();
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new list means that the server answers again
  useEffect(() => {
    let isOver = false;
    const tell = (one: Found) => isOver || setFound(one);
    membership.channel(id).then(
      (channel) => tell({ channel }),
      (thrown) => {
        const refusal = thrown instanceof Refusal ? thrown : undefined;
        const why = refusal === undefined ? words().common.pageFailed : refusalWords(refusal);
        tell({ why, isGone: refusal?.reason === 'channel-not-found' });
      },
    );
    return () => {
      isOver = true;
    };
  }, [membership, id, fresh]);
  return found;
}

/** A chat that the user is not in: how to join it, or why that is not possible. */
export function OutsideChat({ id }: { id: number }) {
  const found = useChannel(id);
  if (found === undefined) return <p className="no-room">{words().common.loading}</p>;
  if ('why' in found) return <Missing why={found.isGone ? undefined : found.why} />;
  return <Join channel={found.channel} />;
}

function Missing({ why }: { why: string | undefined }) {
  return (
    <section className="no-room">
      <h2>{why === undefined ? words().chats.notFound : words().chats.notLoaded}</h2>
      <p>{why === undefined ? words().chats.notFoundHint : sentence(why)}</p>
      <a className="primary" href="#rooms">
        {words().common.allChats}
      </a>
    </section>
  );
}

function Join({ channel }: { channel: Channel }) {
  const { membership, chats } = useWorkspace();
  const { id, kind, myRole, offered } = channel;
  const isMember = myRole !== MemberRole.UNSPECIFIED;
  const isOffered = offered !== MemberRole.UNSPECIFIED;
  const mayJoin = !isMember && (kind === ChannelKind.PUBLIC || isOffered);
  useEffect(() => {
    if (isRoom(channel)) location.replace(roomHref(id, placeOf(location.hash).seq));
    else if (isMember) chats.tryRefresh(id); // The list does not have the chat yet.
  }, [channel, id, isMember, chats]);
  if (!mayJoin) return isMember ? <p className="no-room">{words().common.loading}</p> : <Missing why={undefined} />;
  return (
    <ChatPreview channel={channel} action={words().chats.join} onAct={() => membership.join(id)}>
      <p>{chatFacts(channel)}.</p>
      {isOffered && <p>{words().chats.invited}</p>}
    </ChatPreview>
  );
}
