/** What a person sees while the demo runs: lines that stay, and on a terminal one that changes. */
export interface Screen {
  line(text?: string): void;
  /** The line that changes; where output is no terminal, a plain line now and then. */
  status(text: string): void;
  /** Takes the changing line away. */
  clear(): void;
  /** Shows nothing any more, whatever else is said. */
  close(): void;
  bold(text: string): string;
  dim(text: string): string;
  good(text: string): string;
  bad(text: string): string;
  warm(text: string): string;
}

const PLAIN_EVERY_MS = 3_000;

export function createScreen(out: NodeJS.WriteStream, environment: NodeJS.ProcessEnv = process.env): Screen {
  const isTerminal = out.isTTY;
  const colours = isTerminal && (environment['NO_COLOR'] ?? '') === '';
  const painted = (code: number) => (text: string) => (colours ? `\u001b[${code}m${text}\u001b[0m` : text);
  let shown = '';
  let lastPlain = 0;
  let closed = false;
  const clear = (): void => {
    if (shown !== '') out.write('\r\u001b[K');
    shown = '';
  };
  return {
    line: (text = '') => {
      if (closed) return;
      clear();
      out.write(`${text}\n`);
    },
    status: (text) => {
      if (closed) return;
      if (isTerminal) {
        clear();
        shown = text.slice(0, out.columns - 1);
        out.write(shown);
      } else if (Date.now() - lastPlain >= PLAIN_EVERY_MS) {
        lastPlain = Date.now();
        out.write(`${text}\n`);
      }
    },
    clear,
    close: () => {
      closed = true;
    },
    bold: painted(1),
    dim: painted(2),
    good: painted(32),
    bad: painted(31),
    warm: painted(33),
  };
}
