// Made by `npm run generate` from the files in migrations/. Change those.
import type { Migration } from './migrate.ts'

/** What makes an empty database a catalog, in order. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    name: 'shows-and-files',
    checksum: '46df2f887693a754342daf2dc17eca48acc809b43d5487b244140f919ca01cf7',
    sql: `-- What a media pipeline knows about the files of a bucket: one row a file (or a sequence of numbered files) in \`files\`,
-- and one in the table of its type. Kept up by path: a scan that finds a file again updates its row.

create table shows (
  name text primary key check (name <> ''),
  release_date date,
  description text,
  director text,
  blender_version text,
  characters jsonb,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now()
);

create table files (
  id bigint generated always as identity primary key,
  file_name text not null,
  file_path text not null unique,
  file_type text not null,
  extension text,
  file_size bigint check (file_size >= 0),
  etag text,
  created_date timestamptz,
  modified_date timestamptz,
  scan_date timestamptz not null,
  show text references shows (name) on update cascade on delete set null,
  version_number integer,
  error text,
  tags jsonb not null default '[]',
  deleted_at timestamptz,
  check (file_type in (
    'image', 'video', 'blend', 'audio', 'code', 'spreadsheet', 'document', 'cache', 'unknown'
  ))
);

comment on column files.etag is 'the version of the content that was scanned';
comment on column files.deleted_at is 'when a scan no longer found the file; null while it is there';

create index files_file_name on files (file_name);
create index files_file_type on files (file_type);
create index files_show on files (show);
create index files_scan_date on files (scan_date desc);

create table images (
  file_id bigint primary key references files (id) on delete cascade,
  resolution_x integer,
  resolution_y integer,
  mode text,
  thumbnail_path text,
  is_sequence boolean not null default false,
  sequence_start_frame integer,
  sequence_end_frame integer,
  sequence_frame_count integer,
  check (not is_sequence or sequence_frame_count > 0)
);

create index images_is_sequence on images (is_sequence);

create table videos (
  file_id bigint primary key references files (id) on delete cascade,
  resolution_x integer,
  resolution_y integer,
  duration double precision,
  fps double precision,
  codec text,
  bit_rate bigint,
  thumbnail_path text
);

comment on column videos.duration is 'in seconds';

create table blend_files (
  file_id bigint primary key references files (id) on delete cascade,
  blender_version text,
  num_frames integer,
  fps double precision,
  render_engine text,
  resolution_x integer,
  resolution_y integer,
  total_objects integer,
  meshes integer,
  cameras integer,
  lights integer,
  thumbnail_path text
);

create table audio (
  file_id bigint primary key references files (id) on delete cascade,
  duration double precision,
  bitrate bigint,
  sample_rate integer,
  channels integer,
  codec text
);

comment on column audio.duration is 'in seconds';

create table code (
  file_id bigint primary key references files (id) on delete cascade,
  language text,
  num_lines bigint,
  encoding text,
  has_shebang boolean
);

create table spreadsheets (
  file_id bigint primary key references files (id) on delete cascade,
  num_sheets integer,
  sheet_names jsonb,
  num_rows bigint,
  num_columns integer,
  has_header boolean
);

create table documents (
  file_id bigint primary key references files (id) on delete cascade,
  doc_type text,
  page_count integer,
  word_count bigint
);

create table caches (
  file_id bigint primary key references files (id) on delete cascade,
  cache_type text check (cache_type in ('physics', 'alembic', 'vdb', 'geometry')),
  is_sequence boolean not null default false,
  sequence_start_frame integer,
  sequence_end_frame integer,
  sequence_frame_count integer,
  check (not is_sequence or sequence_frame_count > 0)
);

create table unknown_files (
  file_id bigint primary key references files (id) on delete cascade
);
`,
  },
  {
    version: 2,
    name: 'file-upload-catalog',
    checksum: '40e58ddafcfb807a987377810944a705023079836b634f9dcd743bc987927748',
    sql: `-- One row for each version of an uploaded file that was made smaller. The same version again is the same row.

create table file_upload_catalog (
  id bigint generated always as identity primary key,
  bucket text not null,
  key text not null,
  version text not null,
  upload_date date not null,
  upload_time time with time zone not null,
  file_name text not null,
  original_size bigint not null check (original_size >= 0),
  thumbnail_size bigint not null check (thumbnail_size >= 0),
  unique (bucket, key, version)
);

comment on column file_upload_catalog.version is 'the etag, or the version id where the bucket keeps versions';
comment on column file_upload_catalog.original_size is 'in bytes';
comment on column file_upload_catalog.thumbnail_size is 'in bytes';

create index file_upload_catalog_thumbnail_size on file_upload_catalog (thumbnail_size, id);
`,
  },
]
