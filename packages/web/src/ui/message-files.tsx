import { type ComponentProps, useState } from 'react';
import { contentOf, thumbnailOf, type UserFile } from '../live/workspace-files.js';
import { filesByMessage } from '../state/album.js';
import { words } from '../words/words.js';
import { Icon } from './icon.js';
import { PictureDialog } from './picture-dialog.js';
import { SaveLink } from './save-link.js';
import { Name } from './text.js';
import { TryAgain } from './try-again.js';
import { type RefusedAction, refusedBy } from './use-action.js';
import { useLoaded } from './use-loaded.js';
import { useOpenConversation, useWorkspace } from './workspace-context.js';

/** A file of a message, or the reason for which it is not there. */
type Found =
  | { readonly id: string; readonly file: UserFile }
  | { readonly id: string; readonly refused: RefusedAction };

/** Returns the files of a message once they are described. */
function useFiles(ids: readonly string[]) {
  const { files } = useWorkspace();
  const known = ids.flatMap((id): Found[] => {
    const file = files.known(id);
    return file === undefined ? [] : [{ id, file }];
  });
  const find = (id: string, signal: AbortSignal): Promise<Found> =>
    files.find(id, signal).then(
      (file) => ({ id, file }),
      (thrown) => ({ id, refused: refusedBy(thrown) }),
    );
  const all = known.length === ids.length ? known : undefined;
  const load = (signal: AbortSignal) => Promise.all(ids.map((id) => find(id, signal)));
  const { value = all, reload } = useLoaded(async (signal) => all ?? load(signal), ids.join());
  return { found: value, reload };
}

/** The files of a message: pictures as thumbnails that open, players, and others with their size. */
export function MessageFiles({ ids }: { ids: readonly string[] }) {
  const { files } = useWorkspace();
  const { found, reload } = useFiles(ids);
  const conversation = useOpenConversation();
  const [opened, setOpened] = useState<Omit<ComponentProps<typeof PictureDialog>, 'onClose'>>();
  if (found === undefined) return <p className="gone">{words().common.loading}</p>;
  const pictures = found.flatMap((one) => ('file' in one && one.file.picture !== undefined ? [one.file] : []));
  const open = (file: UserFile) => {
    const all = filesByMessage(conversation.state().lines);
    const message = all.indexOf(ids);
    const messages = message < 0 ? [ids] : all;
    setOpened({ messages, first: { message: Math.max(0, message), pictures, at: pictures.indexOf(file) } });
  };
  const again = (id: string) => {
    files.forget(id);
    reload();
  };
  return (
    <>
      <ul className="files" aria-label={words().conversation.files} data-album={pictures.length > 1}>
        {found.map((one) => (
          <li key={one.id} data-picture={'file' in one && one.file.picture !== undefined}>
            {'file' in one ? (
              <MessageFile file={one.file} onOpen={open} />
            ) : (
              <MissingFile refused={one.refused} onAgain={() => again(one.id)} />
            )}
          </li>
        ))}
      </ul>
      {opened !== undefined && <PictureDialog {...opened} onClose={() => setOpened(undefined)} />}
    </>
  );
}

function MissingFile({ refused, onAgain }: { refused: RefusedAction; onAgain: () => void }) {
  return (
    <p className="gone">
      {refused.words} <TryAgain onClick={onAgain} />
    </p>
  );
}

function MessageFile({ file, onOpen }: { file: UserFile; onOpen: (file: UserFile) => void }) {
  const [kind] = file.contentType.split('/');
  if (file.picture !== undefined) return <Thumbnail file={file} onOpen={onOpen} />;
  if (kind === 'video' || kind === 'audio') return <Player file={file} isFilm={kind === 'video'} />;
  return <FileToSave file={file} />;
}

/** Longest side of a thumbnail in the list of messages, in pixels. */
const mostEdge = 320;

function Thumbnail({ file, onOpen }: { file: UserFile; onOpen: (file: UserFile) => void }) {
  const { name, picture } = file;
  const { width, height } = picture ?? { width: 1, height: 1 };
  const scale = Math.min(1, mostEdge / Math.max(width, height));
  const size = { width: Math.max(1, Math.round(width * scale)), height: Math.max(1, Math.round(height * scale)) };
  const open = words().conversation.openPicture(name);
  const [isBroken, setIsBroken] = useState(false);
  if (isBroken) return <FileToSave file={file} />;
  return (
    <button type="button" className="thumbnail" aria-label={open} title={name} onClick={() => onOpen(file)}>
      <img src={thumbnailOf(file)} alt="" {...size} onError={() => setIsBroken(true)} />
    </button>
  );
}

/** A recording tells its length only at its end, so the player goes there and back. */
function findLength({ currentTarget: player }: { currentTarget: HTMLMediaElement }): void {
  if (player.duration !== Number.POSITIVE_INFINITY) return;
  player.addEventListener('durationchange', () => (player.currentTime = 0), { once: true });
  player.currentTime = Number.MAX_SAFE_INTEGER;
}

/** A film or a sound. If the browser cannot play it, the user can save it. */
function Player({ file, isFilm }: { file: UserFile; isFilm: boolean }) {
  const [plays, setPlays] = useState<'film' | 'sound' | 'nothing'>(isFilm ? 'film' : 'sound');
  const player = {
    ...{ controls: true, preload: 'metadata', src: contentOf(file), 'aria-label': file.name },
    onError: () => setPlays('nothing'),
  };
  return (
    <figure className="player">
      {plays === 'film' && (
        <video
          {...player}
          playsInline
          onLoadedMetadata={(event) => event.currentTarget.videoWidth === 0 && setPlays('sound')}
        />
      )}
      {plays === 'sound' && <audio {...player} onLoadedMetadata={findLength} />}
      <figcaption>
        <FileToSave file={file} />
      </figcaption>
    </figure>
  );
}

function FileToSave({ file }: { file: UserFile }) {
  const { name, size } = file;
  const say = words().conversation;
  return (
    <p className="file">
      <Icon name="file" />
      <span className="file-name" title={name}>
        <Name of={name} />
      </span>
      <span className="file-size">{say.fileSize(size)}</span>
      <SaveLink file={file} />
    </p>
  );
}
