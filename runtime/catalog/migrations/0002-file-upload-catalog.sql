-- One row for each version of an uploaded file that was made smaller. The same version again is the same row.

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
