// What the server tells of a plan. Moments are ISO text on the clock of the plan's site, durations working minutes.
export interface Task {
  id: number;
  parent: number | null;
  sequence: number;
  level: number;
  wbs: string;
  name: string;
  is_summary: boolean;
  is_milestone: boolean;
  is_delivery: boolean;
  is_elapsed: boolean;
  duration: number;
  percent: number;
  remaining: number | null;
  calendar: number | null;
  constraint: string;
  constraint_date: string | null;
  deadline: string | null;
  not_before: string | null;
  not_before_text: string;
  actual_start: string | null;
  actual_finish: string | null;
  notes: string;
  start: string;
  finish: string;
  late_finish: string;
  total_float: number;
  free_float: number;
  is_critical: boolean;
}

export interface Link {
  id: number;
  predecessor: number;
  successor: number;
  type: "FS" | "SS" | "FF" | "SF";
  lag: number;
  lag_unit: "working" | "elapsed" | "percent";
}

export interface Need {
  id: number;
  task: number;
  skill: number | null;
  resource: number | null;
  units: number;
  asked: number | null;
}

export interface Head {
  order: string;
  version: number;
  status_date: string | null;
  planned_date: string | null;
  requested_date: string | null;
  promised_date: string | null;
  latest_start: string | null;
  days_late: number | null;
  progress: number;
}

export interface Named {
  id: number;
  name: string;
}

export interface BaselineHead {
  number: number;
  name: string;
  created_at: string;
}

export interface BaselineRow {
  id: number;
  start: string;
  finish: string;
}

export interface History {
  undo: boolean;
  redo: boolean;
}

export interface PlanData {
  plan: Head;
  tasks: Task[];
  links: Link[];
  needs: Need[];
  day_minutes: number;
  shifts: [number, number][][];
  free_days: string[];
  skills: Named[];
  resources: Named[];
  calendars: Named[];
  baselines: BaselineHead[];
  history: History;
}

export interface Answer {
  plan: Head;
  tasks: Task[];
  removed: number[];
  links: Link[] | null;
  needs: Need[] | null;
  created: number[];
  history: History;
}

export interface LoadDay {
  day: string;
  capacity: number;
  own: number;
  others: number;
  soft: number;
}

export interface LoadOver {
  first: string;
  hours: number;
  percent: number;
  orders: { label: string; key: string; hours: number }[];
  others: number;
}

export interface TeamLoad {
  stale: boolean;
  team: string | null;
  teams: { key: string; name: string; members: number; hours: number }[];
  days: LoadDay[];
  over: LoadOver[];
}

export type Zoom = "day" | "week" | "month";
export type Command = { verb: string } & Record<string, unknown>;
export type Words = Record<string, string>;
