"""The commands whose figures the documentation quotes, by the name of their file of results.

The first word is a script of this folder; {fgnet}, {lfw}, {fairface}, {across} and {scratch} are
the paths that `every.py` is given.
"""

COMMANDS = {
    "accuracy_across": "accuracy.py --across {across} --baseline youth-resnet-low-resolution"
    " --baseline youth-dlib --baseline dlib-resnet --vectors {scratch}/vectors",
    "accuracy_fgnet": "accuracy.py --fgnet {fgnet} --baseline youth-dlib"
    " --baseline dlib-resnet --vectors {scratch}/vectors",
    "accuracy_lfw": "accuracy.py --lfw {lfw} --leave-out crops --baseline dlib-resnet"
    " --vectors {scratch}/vectors",
    "accuracy_versions": "accuracy.py --fgnet {fgnet} --leave-out crops --baseline youth-resnet@5"
    " --baseline youth-resnet-low-resolution --vectors {scratch}/vectors",
    "accuracy_youth_dlib": "accuracy.py --fgnet {fgnet} --across {across} --leave-out crops"
    " --model youth-dlib --baseline dlib-resnet --vectors {scratch}/vectors",
    "age_gap": "age_gap.py {fgnet}",
    "age_gap_dlib": "age_gap.py {fgnet} --model dlib-resnet",
    "age_gap_others": "age_gap.py {fgnet} --others {fairface}/val",
    "age_gap_others_dlib": "age_gap.py {fgnet} --others {fairface}/val --model dlib-resnet",
    "ageing": "ageing.py --fgnet {fgnet} --across {across} --vectors {scratch}/vectors",
    "ageing_cameras": "ageing.py --fgnet {fgnet} --cameras 48px-q40 32px-q30 24px-x4-q75"
    " --vectors {scratch}/vectors",
    "apparent_tone": "apparent_tone.py",
    "audit_adults": "audits.py {fgnet} --by age --ages 0,18 --fmr-of 'age=18 and over'"
    " --vector-cache {scratch}/audits.sqlite",
    "audit_adults_dlib": "audits.py {fgnet} --model dlib-resnet --by age --ages 0,18"
    " --fmr-of 'age=18 and over' --vector-cache {scratch}/audits.sqlite",
    "audit_ages": "audits.py {fgnet} --by age --baseline dlib-resnet --gallery-size 350"
    " --vector-cache {scratch}/audits.sqlite",
    "audit_ages_dlib": "audits.py {fgnet} --model dlib-resnet --by age"
    " --vector-cache {scratch}/audits.sqlite",
    "audit_ages_dlib_at_lfw": "audits.py {fgnet} --model dlib-resnet --by age"
    " --threshold 0.9289562 --vector-cache {scratch}/audits.sqlite",
    "audit_ages_version_5": "audits.py {fgnet} --by age --baseline youth-resnet@5"
    " --vector-cache {scratch}/audits.sqlite",
    "audit_camera_24": "audits.py {fgnet} --by age --camera 24px-q30 --threshold 0.4161"
    " --vector-cache {scratch}/audits.sqlite",
    "audit_camera_24_own": "audits.py {fgnet} --by age --camera 24px-q30"
    " --vector-cache {scratch}/audits.sqlite",
    "audit_camera_48": "audits.py {fgnet} --by age --camera 48px-q40 --threshold 0.4161"
    " --vector-cache {scratch}/audits.sqlite",
    "audit_fairface": "audits.py --part val {fairface} --layout fairface"
    " --by 'age,sex,race,age*sex' --baseline dlib-resnet --vector-cache {scratch}/audits.sqlite",
    "audit_fairface_dlib": "audits.py {fairface} --layout fairface --model dlib-resnet"
    " --by 'age,sex,race,age*sex,age*sex*race' --threshold 0.9289562"
    " --vector-cache {scratch}/audits.sqlite",
    "audit_fairface_young_adults": "audits.py --part val {fairface} --layout fairface"
    " --by 'age,sex,race,age*sex' --fmr-of age=20-29 --vector-cache {scratch}/audits.sqlite",
    "audit_lfw_dlib": "audits.py {lfw} --model dlib-resnet --by sex"
    " --vector-cache {scratch}/audits.sqlite",
    "audit_power": "audit_power.py --draws 999 --out {scratch}/audit_power.json",
    "audit_scale": "audit_scale.py",
    "beside_peers": "beside_peers.py --fgnet {fgnet} --environments {scratch}/peers",
    "calibration_fairface_dlib": "calibrations.py {fairface} --layout fairface"
    " --model dlib-resnet --vector-cache {scratch}/calibrations.sqlite",
    "calibration_fgnet_dlib": "calibrations.py {fgnet} --model dlib-resnet"
    " --vector-cache {scratch}/calibrations.sqlite",
    "cross": "cross.py",
    "detection": "detection.py --photos {fgnet} --most 40",
    "detection_levers": "detection_levers.py --photos {fgnet} {lfw} {fairface} --most 60",
    "detectors": "detectors.py {fgnet} --photos {lfw} --every 25 --cameras",
    "dominant_face": "dominant_face.py {lfw}/images --cache {scratch}/faces.jsonl",
    "drawn_faces": "drawn_faces.py {fgnet}/images {lfw}/images {fairface} --most 1002"
    " --drawings 120",
    "embedding": "embedding.py",
    "encryption": "encryption.py --repeats 9",
    "face_like": "face_like.py {fairface} {fgnet} --keep {scratch}/face_like.npz",
    "groups": "groups.py --fgnet {fgnet} --lfw {lfw} --baseline dlib-resnet"
    " --vectors {scratch}/vectors",
    "groups_scale": "groups_scale.py --threshold 0.58 0.66 0.74",
    "groups_scale_1000": "groups_scale.py --people 200 --threshold 0.58 0.62 0.66 0.70 0.74",
    "groups_scale_10000": "groups_scale.py --people 2000 --threshold 0.58 0.62 0.66 0.70 0.74",
    "groups_scale_one_person": "groups_scale.py --people 1 --photos 100000",
    "hidden": "hidden.py",
    "hostile_photos_3": "hostile_photos.py --seed 3 --seconds 36000",
    "hostile_photos_4": "hostile_photos.py --seed 4 --seconds 36000",
    "hostile_uploads_41": "hostile_uploads.py --seed 41 --count 3000",
    "hostile_uploads_42": "hostile_uploads.py --seed 42 --count 3000",
    "injected_gap": "injected_gap.py --vectors {scratch}/injected_gap"
    " --out {scratch}/injected_gap.json",
    "interval_coverage": "interval_coverage.py --photos '2 to 6'",
    "kill_storm": "kill_storm.py",
    "label_noise": "label_noise.py",
    "log_cost": "log_cost.py --queries 80",
    "log_tampering": "log_tampering.py",
    "odds_coverage": "odds_coverage.py",
    "one_million": "ten_million.py {fairface} {fgnet} {scratch}/one_million"
    " --keep {scratch}/face_like.npz",
    "one_million_coded": "ten_million.py {fairface} {fgnet} {scratch}/one_million_coded"
    " --index coded --steps index open search --keep {scratch}/face_like.npz",
    "photo_files_fairface": "photo_files.py {fairface} --photos 300",
    "photo_files_fgnet": "photo_files.py {fgnet} --photos 300",
    "photo_files_lfw": "photo_files.py {lfw} --photos 300",
    "precision": "precision.py {fgnet}",
    "reindex_jobs": "reindex.py {fgnet} --only jobs",
    "reindex_jobs_dlib": "reindex.py {fgnet} --only jobs --model dlib-resnet --sizes 2000",
    "reindex_kills": "reindex.py {fgnet} --only kills",
    "reindex_kills_faces": "reindex.py --only kills --faces --storm 4000",
    "reindex_readers": "reindex.py {fgnet} --only readers",
    "reindex_searches": "reindex.py {fgnet} --only searches --model dlib-resnet",
    "reindex_versions": "reindex_versions.py {fgnet}",
    "reviews": "reviews.py",
    "search": "search.py --sizes 20000 100000 --threads 1",
    "serve": "serve.py --people 10",
    "served_search": "served_search.py",
    "synthetic_faces": "synthetic_faces.py --workers 2 --out {scratch}/synthetic_faces.json",
    "ten_million": "ten_million.py {fairface} {fgnet} {scratch}/ten_million --faces 10000000"
    " --keep {scratch}/face_like.npz",
    "throughput": "throughput.py {fgnet} --limit 200",
    "throughput_all": "throughput.py {fgnet} --limit 1002",
    "throughput_beside": "throughput.py {fgnet} --limit 150 --beside dlib-resnet --peer"
    " --peers-folder {scratch}/peers",
    "throughput_beside_bfloat16": "throughput.py {fgnet} --limit 150 --beside dlib-resnet --peer"
    " --peers-folder {scratch}/peers --precision bfloat16",
    "video": "video.py {scratch}/video",
    "video_all": "video.py {scratch}/video --clips 22",
    "video_others": "video.py {scratch}/video --first 16 --clips 6",
    "video_real": "video.py {scratch}/video --fgnet {fgnet} --lfw {lfw}",
    "waiting_threads": "waiting_threads.py --photos 16",
    "watch": "watch.py",
}
