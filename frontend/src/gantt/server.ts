// Commands to the server, one after another; the version goes along, and a conflict is told, never overwritten.
import type { Answer, BaselineRow, Command, PlanData, TeamLoad } from "./types";

export interface Problem {
  status: number;
  title: string;
  reasons: { code: string; message: string; field?: string }[];
  version?: number;
  changes?: { by: string; field: string; old: unknown; new: unknown }[];
}

export class Refused extends Error {
  constructor(public problem: Problem) {
    super(problem.title);
  }
}

function token(): string {
  const headers = document.body.getAttribute("hx-headers");
  return headers ? (JSON.parse(headers) as Record<string, string>)["X-CSRFToken"] ?? "" : "";
}

export class Server {
  private queue: Promise<unknown> = Promise.resolve();

  constructor(private root: string) {}

  async load(): Promise<PlanData> {
    return this.get<PlanData>("/gantt");
  }

  async rows(path: string): Promise<BaselineRow[]> {
    return this.get<BaselineRow[]>(path);
  }

  async teamLoad(team: string): Promise<TeamLoad> {
    return this.get<TeamLoad>(`/load?team=${encodeURIComponent(team)}`);
  }

  async forecast(): Promise<Map<number, string>> {
    const rows = await this.get<{ task: number; p80: string }[]>("/forecast");
    return new Map(rows.map((row) => [row.task, row.p80]));
  }

  private async get<T>(path: string): Promise<T> {
    const response = await fetch(this.root + path, { headers: { Accept: "application/json" } });
    if (!response.ok) throw new Refused((await response.json()) as Problem);
    return (await response.json()) as T;
  }

  // The version is read when its turn comes, so that quick edits follow each other.
  edit(command: Command, version: () => number, done: (answer: Answer) => void): Promise<void> {
    const turn = this.queue.then(async () => {
      const response = await fetch(`${this.root}/edits`, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": token(), "Idempotency-Key": crypto.randomUUID() },
        body: JSON.stringify({ version: version(), command }),
      });
      if (!response.ok) throw new Refused((await response.json()) as Problem);
      done((await response.json()) as Answer);
    });
    this.queue = turn.catch(() => undefined);
    return turn;
  }
}
