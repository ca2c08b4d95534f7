import { useEffect, useRef, useState } from 'react';
import { attachmentsOf } from '../state/attachments.js';
import { mostAttached } from '../state/limits.js';
import { useWatched } from './hooks.js';
import { useWorkspace } from './workspace-context.js';

/** Returns the files for the next message of a channel, and what adds some: a drop, or `attach`. */
export function useAttached(channelId: number, isAllowed: boolean) {
  const { attachments } = useWorkspace();
  const { list } = attachmentsOf(useWatched(attachments), channelId);
  const attach = (files: readonly File[]) => {
    if (isAllowed && files.length > 0) attachments.add(channelId, files);
  };
  const isOver = useFileDrop(isAllowed, attach);
  return {
    attach,
    isOver,
    /** Whether the message can also have a voice message. */
    mayRecord: isAllowed && list.length < mostAttached,
    hasSome: isAllowed && list.length > 0,
    isReady: !isAllowed || list.every(({ state }) => state === 'ready'),
    /** Returns the ids of the files for a message that is sent now. */
    take: () => (isAllowed ? attachments.take(channelId) : []),
  };
}

function hasFile(transfer: DataTransfer | null): transfer is DataTransfer {
  return [...(transfer?.items ?? [])].some(({ kind }) => kind === 'file');
}

/**
 * Passes files that the user drops on the page to `onFiles`, and returns whether files are being
 * dragged over it. Without this, the browser would leave the page to show the file.
 */
function useFileDrop(isAllowed: boolean, onFiles: (files: readonly File[]) => void): boolean {
  const [isOver, setIsOver] = useState(false);
  const latest = useRef({ isAllowed, onFiles });
  latest.current = { isAllowed, onFiles };
  useEffect(() => {
    const takes = () => latest.current.isAllowed && document.querySelector('dialog[open]') === null;
    const onDrag = (event: DragEvent) => {
      const { dataTransfer } = event;
      if (!hasFile(dataTransfer)) return;
      event.preventDefault();
      dataTransfer.dropEffect = takes() ? 'copy' : 'none';
      setIsOver(takes());
    };
    const onLeave = ({ relatedTarget }: DragEvent) => relatedTarget === null && setIsOver(false);
    const onDrop = (event: DragEvent) => {
      setIsOver(false);
      const { dataTransfer } = event;
      if (!hasFile(dataTransfer)) return;
      event.preventDefault();
      if (takes()) latest.current.onFiles([...dataTransfer.files]);
    };
    addEventListener('dragover', onDrag);
    addEventListener('dragleave', onLeave);
    addEventListener('drop', onDrop);
    return () => {
      removeEventListener('dragover', onDrag);
      removeEventListener('dragleave', onLeave);
      removeEventListener('drop', onDrop);
    };
  }, []);
  return isOver;
}
