import { useEffect, useState } from 'react';
import { contentOf, type UserFile } from '../live/workspace-files.js';
import { words } from '../words/words.js';
import { Dialog } from './dialog.js';
import { Icon, type IconName } from './icon.js';
import { SaveLink } from './save-link.js';

interface PictureDialogProps {
  readonly pictures: readonly UserFile[];
  readonly first: UserFile;
  readonly onClose: () => void;
}

/** One picture in its full size. The arrow keys lead to the other pictures of the message. */
export function PictureDialog({ pictures, first, onClose }: PictureDialogProps) {
  const [at, setAt] = useState(pictures.indexOf(first));
  const [failed, setFailed] = useState<string>();
  const say = words().conversation;
  const file = pictures[at] ?? first;
  const { width, height } = file.picture ?? {};
  const last = pictures.length - 1;
  const go = (step: number) => setAt((now) => Math.min(last, Math.max(0, now + step)));
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
          {pictures.length > 1 && (
            <>
              <Step icon="back" label={say.previousPicture} isEnd={at === 0} onStep={() => go(-1)} />
              <span role="status">{say.pictureOf(at + 1, pictures.length)}</span>
              <Step icon="forward" label={say.nextPicture} isEnd={at === last} isFocused onStep={() => go(1)} />
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
