export type ReadingSource = 'declared' | 'staff' | 'estimated' | 'none';
