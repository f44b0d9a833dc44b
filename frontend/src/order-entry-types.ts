// The shapes that the entry page and the server exchange.
export interface Line {
  id: number | null;
  line_no: number;
  [field: string]: string | number | null;
}
export interface Fix {
  field: string;
  value: string;
  label: string;
}
export interface Finding {
  code: string;
  row: number | null;
  field: string;
  message: string;
  severity: "error" | "warning";
  short: string;
  fixes: Fix[];
  waiver: { id: number; by: string; at: string; reason: string } | null;
}
export interface Checked {
  lines: (Line & { amount: string })[];
  findings: Finding[];
  total: string;
  listed: string;
  difference: string;
  errors: number;
  warnings: number;
  waived: number;
  passed: string[];
}
export interface Saved {
  id: number;
  version: number;
  lines: Record<string, number>;
  url: string;
  edit: string;
  submit: string;
  quote: string;
  waive: string;
  promise: string;
  withdraw: string;
}
export interface Entry {
  id: number | null;
  version: number | null;
  lines: Line[];
  words: Record<string, string>;
  may_waive: boolean;
  keep: string;
  urls: { save: string; check: string; products: string; customer: string; promise: string };
}
export interface Conflict {
  reasons: { message: string }[];
  changes: { by: string; label: string; old: string | null; new: string | null }[];
  version: number;
}
