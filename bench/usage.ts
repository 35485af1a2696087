import { execFileSync } from 'node:child_process';
import { readFileSync, readdirSync } from 'node:fs';

/** What a group of processes has used so far: seconds of CPU, and megabytes of resident memory at this moment. */
export interface Usage {
  readonly cpuSeconds: number;
  readonly memoryMb: number;
}

/** The most resident memory that a process has had since it began, in megabytes; undefined where the machine does not tell. */
export function peakMemoryOf(pid: number): number | undefined {
  try {
    const kilobytes = /^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1];
    return kilobytes === undefined ? undefined : Number(kilobytes) / 1024;
  } catch {
    return undefined;
  }
}

/** Resident memory of a process, looked at again and again until `stop`. */
export interface MemoryWatch {
  stop(): readonly MemorySample[];
}

export interface MemorySample {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly memoryMb: number;
}

export function watchMemory(pid: number, everyMs: number): MemoryWatch {
  const samples: MemorySample[] = [];
  const timer = setInterval(() => {
    const usage = usageOf(pid);
    if (usage !== undefined) samples.push({ at: Date.now(), memoryMb: usage.memoryMb });
  }, everyMs);
  return {
    stop: () => {
      clearInterval(timer);
      return samples;
    },
  };
}

interface ProcessStat {
  readonly pid: number;
  readonly parent: number;
  readonly cpuSeconds: number;
  readonly memoryMb: number;
}

/** @returns undefined where the machine does not tell (no /proc) */
export function usageOf(pid: number, { withChildren = false } = {}): Usage | undefined {
  try {
    const all = withChildren ? processes().filter((one) => one.pid === pid || one.parent === pid) : [readStat(pid)];
    return {
      cpuSeconds: all.reduce((sum, one) => sum + one.cpuSeconds, 0),
      memoryMb: all.reduce((sum, one) => sum + one.memoryMb, 0),
    };
  } catch {
    return undefined;
  }
}

function processes(): readonly ProcessStat[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        return [readStat(Number(name))];
      } catch {
        return [];
      }
    });
}

const TICKS = ticksPerSecond();

/** Fields of /proc/<pid>/stat (proc(5)): 4 parent, 14 to 17 time of the process and of its children that have ended. */
function readStat(pid: number): ProcessStat {
  const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const field = (number: number): number => Number(fields[number - 3]);
  return {
    pid,
    parent: field(4),
    cpuSeconds: (field(14) + field(15) + field(16) + field(17)) / TICKS,
    memoryMb: Number(/^(?:VmRSS|RssAnon):\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024,
  };
}

function ticksPerSecond(): number {
  try {
    return Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));
  } catch {
    return 100;
  }
}
