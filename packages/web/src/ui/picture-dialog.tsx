import { useEffect, useRef, useState } from 'react';
import { contentOf, type UserFile } from '../live/workspace-files.js';
import { type AlbumPlace, nextPicture } from '../state/album.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { Icon, type IconName } from './icon.js';
import { SaveLink } from './save-link.js';
import { useWorkspace } from './workspace-context.js';

interface PictureDialogProps {
  /** Ids of the files of each loaded message. */
  readonly messages: readonly (readonly string[])[];
  readonly first: AlbumPlace<UserFile>;
  readonly onClose: () => void;
}

/** Moves over the pictures of the loaded messages, one step after the other. */
function useAlbum({ messages, first }: Pick<PictureDialogProps, 'messages' | 'first'>) {
  const { files } = useWorkspace();
  const [place, setPlace] = useState(first);
  const latest = useRef(Promise.resolve(first));
  /** The step after which there is no picture. */
  const [end, setEnd] = useState<1 | -1>();
  const describe = (id: string) =>
    files.known(id) ?? files.find(id, new AbortController().signal).catch(() => undefined);
  const picturesOf = async (ids: readonly string[]) =>
    (await Promise.all(ids.map(describe))).flatMap((file) => (file?.picture === undefined ? [] : [file]));
  const go = (step: 1 | -1) => {
    latest.current = latest.current.then(async (now) => {
      const next = await nextPicture(now, step, messages, picturesOf);
      setEnd(next === undefined ? step : undefined);
      setPlace(next ?? now);
      return next ?? now;
    });
  };
  const isEnd = (step: 1 | -1) =>
    end === step || (place.pictures[place.at + step] === undefined && messages[place.message + step] === undefined);
  return { place, go, isEnd };
}

/** One picture in its full size. The arrow keys lead to the other pictures of all loaded messages. */
export function PictureDialog({ onClose, ...album }: PictureDialogProps) {
  const { place, go, isEnd } = useAlbum(album);
  const { pictures, at } = place;
  const [failed, setFailed] = useState<string>();
  const say = words().conversation;
  const file = pictures[at] as UserFile;
  const { width, height } = file.picture ?? {};
  useArrows(
    () => go(-1),
    () => go(1),
  );
  return (
    <Dialog title={file.name} className="picture-dialog" onClose={onClose}>
      <div className="picture">
        {failed === file.id ? (
          <p role="alert">{say.pictureFailed}</p>
        ) : (
          <img
            key={file.id}
            src={contentOf(file)}
            alt={file.name}
            width={width}
            height={height}
            onError={() => setFailed(file.id)}
          />
        )}
        <p className="picture-foot">
          {(album.messages.length > 1 || pictures.length > 1) && (
            <>
              <Step icon="back" label={say.previousPicture} isEnd={isEnd(-1)} onStep={() => go(-1)} />
              <span role="status">{pictures.length > 1 && say.pictureOf(at + 1, pictures.length)}</span>
              <Step icon="forward" label={say.nextPicture} isEnd={isEnd(1)} isFocused onStep={() => go(1)} />
            </>
          )}
          <SaveLink file={file} />
        </p>
      </div>
    </Dialog>
  );
}

/** Calls a function for each press of an arrow key, wherever the focus is. */
function useArrows(onLeft: () => void, onRight: () => void): void {
  useEffect(() => {
    const onKey = ({ key }: KeyboardEvent) => {
      if (key === 'ArrowLeft') onLeft();
      if (key === 'ArrowRight') onRight();
    };
    addEventListener('keydown', onKey);
    return () => removeEventListener('keydown', onKey);
  });
}

interface StepProps {
  readonly icon: IconName;
  readonly label: string;
  /** Whether there is no further picture. The button keeps the focus then. */
  readonly isEnd: boolean;
  readonly isFocused?: boolean;
  readonly onStep: () => void;
}

function Step({ icon, label, isEnd, isFocused = false, onStep }: StepProps) {
  return (
    <button
      type="button"
      className="icon-button"
      aria-label={label}
      title={label}
      aria-disabled={isEnd}
      data-focus={isFocused}
      onClick={onStep}
    >
      <Icon name={icon} />
    </button>
  );
}
