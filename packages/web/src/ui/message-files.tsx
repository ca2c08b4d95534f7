import { useEffect, useState } from 'react';
import type { ShownFile } from '../live/file-reader.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { Name } from './text.js';
import { useAction } from './use-action.js';
import { useLoaded } from './use-loaded.js';
import { useWorkspace } from './workspace-context.js';

/** The files of a message: pictures as thumbnails that open, and others with their size. */
export function MessageFiles({ ids }: { ids: readonly string[] }) {
  return (
    <ul className="files" aria-label={words().conversation.files}>
      {ids.map((id) => (
        <li key={id}>
          <MessageFile id={id} />
        </li>
      ))}
    </ul>
  );
}

function MessageFile({ id }: { id: string }) {
  const { files } = useWorkspace();
  const { value: file, refused, reload } = useLoaded((signal) => files.find(id, signal), id);
  if (file !== undefined) return file.picture === null ? <FileToSave file={file} /> : <Thumbnail file={file} />;
  if (refused === undefined) return <p className="gone">{words().common.loading}</p>;
  return (
    <p className="gone">
      {refused.words}{' '}
      <button type="button" className="link" onClick={reload}>
        {words().common.tryAgain}
      </button>
    </p>
  );
}

/** Longest side of a thumbnail in the list of messages, in pixels. */
const mostEdge = 320;

function Thumbnail({ file }: { file: ShownFile }) {
  const [isOpen, setIsOpen] = useState(false);
  const { id, name, picture } = file;
  const { url } = useBytes(id, 'thumbnail');
  const { width, height } = picture ?? { width: 1, height: 1 };
  const scale = Math.min(1, mostEdge / Math.max(width, height));
  const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  const open = words().conversation.openPicture(name);
  return (
    <>
      <button type="button" className="thumbnail" aria-label={open} title={name} onClick={() => setIsOpen(true)}>
        <img src={url} alt="" {...size} />
      </button>
      {isOpen && <PictureDialog file={file} onClose={() => setIsOpen(false)} />}
    </>
  );
}

function PictureDialog({ file, onClose }: { file: ShownFile; onClose: () => void }) {
  const { url, refused } = useBytes(file.id, 'content');
  const { width, height } = file.picture ?? {};
  return (
    <Dialog title={file.name} className="picture-dialog" onClose={onClose}>
      {refused !== undefined && <p role="alert">{refused.words}</p>}
      <img src={url} alt={file.name} width={width} height={height} />
      <p>
        <SaveButton file={file} />
      </p>
    </Dialog>
  );
}

function FileToSave({ file }: { file: ShownFile }) {
  return (
    <p className="file">
      <Name of={file.name} title={file.name} /> <span>{words().conversation.fileSize(file.size)}</span>
      <SaveButton file={file} />
    </p>
  );
}

function SaveButton({ file: { id, name } }: { file: ShownFile }) {
  const { files } = useWorkspace();
  const { busy, refused, run } = useAction(async () => saveAs(await files.bytes(id, 'content'), name));
  return (
    <>
      <button type="button" className="link" disabled={busy} onClick={() => run()}>
        {words().conversation.saveFile}
      </button>
      {refused !== undefined && <span role="alert">{refused.words}</span>}
    </>
  );
}

const revokedAfterMs = 60_000;

function saveAs(bytes: Blob, name: string): void {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(bytes);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), revokedAfterMs);
}

/** Loads the bytes of a file, and returns a URL for them as long as the component is there. */
function useBytes(id: string, which: 'content' | 'thumbnail') {
  const { files } = useWorkspace();
  const { value: bytes, refused } = useLoaded((signal) => files.bytes(id, which, signal), id);
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    if (bytes === undefined) return;
    const made = URL.createObjectURL(bytes);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [bytes]);
  return { url, refused };
}
