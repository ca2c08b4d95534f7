import type { Channel } from '@parley/client';
import { MemberRole } from '@parley/client';
import { useEffect, useState } from 'react';
import { chatHref } from '../state/place.js';
import { words } from '../words/words.js';
import { ChatPreview } from './chat-preview.js';
import { sentence, useAction } from './use-action.js';
import { useWorkspace } from './workspace-context.js';

/** The chat of an invite link: what it is, and a button to join it. */
export function Invitation({ id }: { id: string }) {
  const { membership } = useWorkspace();
  const [channel, setChannel] = useState<Channel>();
  const preview = useAction(async () => setChannel(await membership.preview(id)));
  // biome-ignore lint/correctness/useExhaustiveDependencies: the preview is loaded once
  useEffect(() => {
    preview.run();
  }, [id]);
  if (preview.refused !== undefined) {
    return (
      <section className="no-room">
        <h2>{words().chats.badInvite}</h2>
        <p role="alert">{sentence(preview.refused.words)}</p>
        <a className="primary" href="#rooms">
          {words().common.allChats}
        </a>
      </section>
    );
  }
  return channel === undefined ? (
    <p className="no-room">{words().common.loading}</p>
  ) : (
    <Preview id={id} channel={channel} />
  );
}

function Preview({ id, channel }: { id: string; channel: Channel }) {
  const { membership } = useWorkspace();
  const say = words().chats;
  const isMember = channel.myRole !== MemberRole.UNSPECIFIED;
  const enter = async () => {
    if (!isMember) await membership.accept(id);
    location.hash = chatHref(channel.id);
  };
  return (
    <ChatPreview channel={channel} action={isMember ? say.open : say.join} onAct={enter}>
      <p>{isMember ? say.isMember : say.invited}</p>
    </ChatPreview>
  );
}
