import { type RefusedAction, sentence } from './use-action.js';

/** Says why the last action was refused. Empty if it was not, so that screen readers hear a change. */
export function RefusalLine({ refused }: { refused: RefusedAction | undefined }) {
  return (
    <p className="refusal" role="alert">
      {refused === undefined ? '' : sentence(refused.words)}
    </p>
  );
}
